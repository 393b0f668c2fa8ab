#include "plugins/loras/low_rank/kohya.h"

#include <utility>

#include "core/base/text.h"

namespace alice::low_rank {
namespace {

using Role = FactorName::Role;

/// The longer of two that begin alike comes first. Behind one with an underscore the module's dots are underscores.
constexpr std::pair<std::string_view, const char*> kPrefixes[] = {
    {"lora_unet_", kUNet},        {"lora_te_wrapped_transformer_", kTextEncoder},
    {"lora_te_", kTextEncoder},   {"lora_te1_", kTextEncoder},
    {"lora_te2_", kTextEncoder2}, {"lycoris_unet_", kUNet},
    {"lycoris_", kUNet},          {"lora_unet.", kUNet},
    {"lora_te.", kTextEncoder},   {"lora_te1.", kTextEncoder},
    {"lora_te2.", kTextEncoder2}};
constexpr std::pair<std::string_view, Role> kRoles[] = {{".lora_up.weight", Role::up},
                                                        {".lora_down.weight", Role::down},
                                                        {".lora_mid.weight", Role::mid},
                                                        {".alpha", Role::alpha}};

/// The method that a name ends like one of, behind its module; "" when it does not.
std::string unsupported_in(std::string_view name) {
  for (size_t dot = name.rfind('.'); dot != name.npos && dot > 0; dot = name.rfind('.', dot - 1))
    if (std::string method = method_of(name.substr(dot + 1)); !method.empty()) return method;
  return "";
}

}  // namespace

bool Kohya::is_typical(const std::string& tensor) const {
  for (const auto& [prefix, part] : kPrefixes)
    if (starts_with(tensor, prefix)) return true;
  return ends_with(tensor, ".lora_up.weight") || ends_with(tensor, ".lora_down.weight");
}

std::optional<FactorName> Kohya::parse(const std::string& tensor) const {
  std::string_view rest = tensor;
  FactorName name;
  for (const auto& [prefix, part] : kPrefixes) {
    if (!take_start(rest, prefix)) continue;
    name.part = part;
    break;
  }
  if (name.part.empty()) name.part = take_part(rest);
  for (const auto& [spelling, role] : kRoles) {
    if (!take_end(rest, spelling)) continue;
    name.module = rest;
    name.role = role;
    return name;
  }
  name.unsupported = unsupported_in(rest);
  if (name.unsupported.empty()) return std::nullopt;
  return name;
}

}  // namespace alice::low_rank
