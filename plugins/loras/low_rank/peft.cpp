#include "plugins/loras/low_rank/peft.h"

#include <cmath>
#include <map>
#include <utility>

#include "core/base/options.h"
#include "core/base/text.h"

namespace alice::low_rank {
namespace {

using Role = FactorName::Role;

constexpr std::string_view kWrapper = "base_model.model.";
constexpr const char* kMetadata = "lora_adapter_metadata";

/// "lora_A.weight", "lora_A.<adapter>.weight": the role; empty for any other ending.
std::optional<Role> role_of(std::string_view ending) {
  const bool down = take_start(ending, "lora_A.");
  if (!down && !take_start(ending, "lora_B.")) return std::nullopt;
  if (!take_end(ending, "weight")) return std::nullopt;
  const bool plain_or_named = ending.empty() || ending.find('.') == ending.size() - 1;
  if (!plain_or_named) return std::nullopt;
  return down ? Role::down : Role::up;
}

/// What lora_adapter_metadata says of one part.
struct PartSettings {
  std::optional<double> lora_alpha;
  bool use_rslora = false;  ///< Kalajdzievski 2023: alpha / sqrt(rank)
};

const OptionTable<PartSettings>& part_settings() {
  static const auto table = OptionTable<PartSettings>()
                                .number("lora_alpha", &PartSettings::lora_alpha, {-1e6, 1e6}, "alpha of every module")
                                .boolean("use_rslora", &PartSettings::use_rslora, "divide alpha by the rank's root");
  return table;
}

/// The members of `metadata` that belong to `part` ("unet.lora_alpha"), without its name.
Json members_of(const Json& metadata, const std::string& part) {
  Json members = Json::object();
  for (const auto& member : metadata.items()) {
    std::string_view name = member.key();
    if (take_start(name, part + ".")) members[std::string(name)] = member.value();
  }
  return members;
}

/// alpha_pattern's names are regular expressions in PEFT, matched against the end of a module's name from a dot on; in
/// practice they are plain names, which is what is understood here ("^" at the start apart).
class AlphaPattern {
 public:
  AlphaPattern(const Json& pattern, const std::string& place, Faults& faults) {
    if (!pattern.is_null() && !pattern.is_object()) faults.add(place, "must be an object of numbers");
    if (!pattern.is_object()) return;
    for (const auto& member : pattern.items()) {
      const bool plain = member.key().find_first_of("*+?()[]{}|\\$") == std::string::npos;
      if (!plain)
        faults.add(place, "has the regular expression '" + member.key() + "'; plain module names are understood");
      else if (!member.value().is_number())
        faults.add(place + "/" + member.key(), "must be a number");
      else
        alphas_[member.key()] = member.value().get<double>();
    }
  }

  std::optional<double> find(const std::string& module) const {
    for (const auto& [pattern, alpha] : alphas_) {
      std::string_view name = pattern;
      const bool whole = take_start(name, "^");
      if (module == name || (!whole && ends_with(module, "." + std::string(name)))) return alpha;
    }
    return std::nullopt;
  }

 private:
  std::map<std::string, double> alphas_;
};

}  // namespace

bool Peft::is_typical(const std::string& tensor) const {
  return tensor.find(".lora_A.") != std::string::npos || tensor.find(".lora_B.") != std::string::npos;
}

std::optional<FactorName> Peft::parse(const std::string& tensor) const {
  std::string_view rest = tensor;
  take_start(rest, kWrapper);
  FactorName name;
  name.part = take_part(rest);
  take_start(rest, kWrapper);
  if (take_end(rest, ".alpha")) {
    name.module = rest;
    name.role = Role::alpha;
    return name;
  }
  const size_t lora = rest.find(".lora_");
  if (lora == std::string_view::npos) return std::nullopt;
  name.module = rest.substr(0, lora);
  const std::string_view ending = rest.substr(lora + 1);
  if (const std::optional<Role> role = role_of(ending)) {
    name.role = *role;
    return name;
  }
  name.unsupported = method_of(ending);
  if (name.unsupported.empty()) return std::nullopt;
  return name;
}

DefaultScale Peft::default_scale(const TensorIndex& index, Faults& faults) const {
  const auto text = index.metadata.find(kMetadata);
  if (text == index.metadata.end()) return LowRankFormat::default_scale(index, faults);
  const std::string place = index.place + " (" + kMetadata + ")";
  const Json metadata = parse_json(text->second, place);
  if (!metadata.is_object()) throw Error(ErrorCode::bad_weights, place, "must be an object");

  std::map<std::string, std::pair<PartSettings, AlphaPattern>> parts;
  for (const char* part : {kUNet, kTextEncoder, kTextEncoder2}) {
    const Json members = members_of(metadata, part);
    const std::string part_place = place + "/" + part;
    parts.emplace(
        part,
        std::make_pair(part_settings().read(members, UnknownKeys::pass_over, json_places(part_place), faults),
                       AlphaPattern(members.value("alpha_pattern", Json()), part_place + ".alpha_pattern", faults)));
  }
  return [parts = std::move(parts)](const FactorName& name, int64_t rank) {
    const auto part = parts.find(name.part);
    if (part == parts.end()) return 1.0;
    const auto& [settings, pattern] = part->second;
    const double divisor = settings.use_rslora ? std::sqrt(static_cast<double>(rank)) : static_cast<double>(rank);
    const std::optional<double> alpha = pattern.find(name.module);
    if (alpha) return *alpha / divisor;
    return settings.lora_alpha ? *settings.lora_alpha / divisor : 1.0;
  };
}

}  // namespace alice::low_rank
