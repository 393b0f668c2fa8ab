#include "plugins/loras/low_rank/target_names.h"

#include <algorithm>
#include <string_view>

#include "core/base/text.h"

namespace alice::low_rank {
namespace {

constexpr std::string_view kTextModel = "text_model.";
/// What the original layout puts around the network; some LoRAs' names have it.
constexpr const char* kUNetContainer = "model.diffusion_model.";

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// A parameter's module; "" when it does not end so.
std::string module_of(const std::string& parameter, const std::string& ending) {
  return ends_with(parameter, ending) ? parameter.substr(0, parameter.size() - ending.size()) : "";
}

}  // namespace

TargetNames::TargetNames(const std::vector<LoraTarget>& targets) {
  for (const LoraTarget& target : targets)
    for (const char* ending : {kWeight, kBias}) {
      const std::string module = module_of(target.parameter, ending), alias = module_of(target.alias, ending);
      if (!module.empty()) add(target, module, ending);
      if (alias.empty()) continue;
      add(target, alias, ending);
      if (target.part == "unet") add(target, kUNetContainer + alias, ending);
    }
}

void TargetNames::add(const LoraTarget& target, const std::string& module, const std::string& ending) {
  by_name_[underscored(module) + ending].insert(&target);
  if (!starts_with(target.part, "text_encoder")) return;
  const bool has_prefix = starts_with(module, kTextModel);
  const std::string other = has_prefix ? module.substr(kTextModel.size()) : std::string(kTextModel) + module;
  by_name_[underscored(other) + ending].insert(&target);
}

TargetNames::Found TargetNames::find(const std::string& part, const std::string& module,
                                     const std::string& ending) const {
  const auto named = by_name_.find(underscored(module) + ending);
  if (named == by_name_.end()) return {};
  Found found;
  for (const LoraTarget* target : named->second) {
    if (!part.empty() && target->part != part) continue;
    if (found.target != nullptr) return {nullptr, true};
    found.target = target;
  }
  return found;
}

}  // namespace alice::low_rank
