#include "plugins/loras/low_rank/kohya.h"

#include <utility>

namespace alice::low_rank {
namespace {

using Role = FactorName::Role;

constexpr std::pair<std::string_view, const char*> kPrefixes[] = {
    {"lora_unet_", kUNet}, {"lora_te_", kTextEncoder}, {"lora_te1_", kTextEncoder}, {"lora_te2_", kTextEncoder2}};
constexpr std::pair<std::string_view, Role> kRoles[] = {{"lora_up.weight", Role::up},
                                                        {"lora_down.weight", Role::down},
                                                        {"lora_mid.weight", Role::mid},
                                                        {"alpha", Role::alpha}};

}  // namespace

bool Kohya::is_typical(const std::string& tensor) const {
  for (const auto& [prefix, part] : kPrefixes)
    if (starts_with(tensor, prefix)) return true;
  return false;
}

std::optional<FactorName> Kohya::parse(const std::string& tensor) const {
  std::string_view rest = tensor;
  FactorName name;
  for (const auto& [prefix, part] : kPrefixes) {
    if (!take_start(rest, prefix)) continue;
    name.part = part;
    break;
  }
  const size_t dot = rest.find('.');
  if (name.part.empty() || dot == std::string_view::npos) return std::nullopt;
  name.module = rest.substr(0, dot);
  const std::string_view ending = rest.substr(dot + 1);
  for (const auto& [spelling, role] : kRoles) {
    if (ending != spelling) continue;
    name.role = role;
    return name;
  }
  name.unsupported = method_of(ending);
  if (name.unsupported.empty()) return std::nullopt;
  return name;
}

}  // namespace alice::low_rank
