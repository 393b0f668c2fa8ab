#include "plugins/loras/low_rank/peft.h"

#include <cmath>
#include <map>
#include <utility>

#include "core/base/options.h"
#include "core/base/text.h"
#include "plugins/loras/low_rank/methods/method.h"

namespace alice::low_rank {
namespace {

constexpr std::string_view kWrapper = "base_model.model.";
constexpr const char* kMetadata = "lora_adapter_metadata";

constexpr std::pair<std::string_view, const char*> kRoles[] = {
    {"lora_A.", "down"}, {"lora_B.", "up"}, {"lora_magnitude_vector.", kRowMagnitudes}};

/// "lora_A.weight", "lora_A.<adapter>.weight", "lora_magnitude_vector": the role; "" for any other ending.
std::string role_of(std::string_view ending) {
  if (ending == "lora_magnitude_vector") return kRowMagnitudes;
  for (const auto& [start, role] : kRoles) {
    if (!take_start(ending, start)) continue;
    if (!take_end(ending, "weight")) return "";
    const bool plain_or_named = ending.empty() || ending.find('.') == ending.size() - 1;
    return plain_or_named ? role : "";
  }
  return "";
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
    name.role = "alpha";
    return name;
  }
  const size_t lora = rest.find(".lora_");
  if (lora == std::string_view::npos) return std::nullopt;
  name.module = rest.substr(0, lora);
  const std::string_view ending = rest.substr(lora + 1);
  name.role = role_of(ending);
  if (!name.role.empty()) return name;
  name.unsupported = unbuilt_method(ending);
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
