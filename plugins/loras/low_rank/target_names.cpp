#include "plugins/loras/low_rank/target_names.h"

#include <algorithm>
#include <string_view>

#include "core/base/text.h"

namespace alice::low_rank {
namespace {

constexpr std::string_view kTextModel = "text_model.", kWeight = ".weight";
/// What the original layout puts around the network; some LoRAs' names have it.
constexpr const char* kUNetContainer = "model.diffusion_model.";

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// Are there factors for it: is it a module's matrix or convolution?
bool has_factors(const LoraTarget& target) {
  return ends_with(target.parameter, kWeight) && (target.shape.size() == 2 || target.shape.size() == 4);
}

std::string module_of(const std::string& parameter) {
  return ends_with(parameter, kWeight) ? parameter.substr(0, parameter.size() - kWeight.size()) : "";
}

}  // namespace

TargetNames::TargetNames(const std::vector<LoraTarget>& targets) {
  for (const LoraTarget& target : targets) {
    if (!has_factors(target)) continue;
    parts_.insert(target.part);
    add(target, module_of(target.parameter));
    const std::string alias = module_of(target.alias);
    if (alias.empty()) continue;
    add(target, alias);
    if (target.part == "unet") add(target, kUNetContainer + alias);
  }
}

void TargetNames::add(const LoraTarget& target, const std::string& name) {
  by_name_[underscored(name)].insert(&target);
  if (!starts_with(target.part, "text_encoder")) return;
  const bool has_prefix = starts_with(name, kTextModel);
  by_name_[underscored(has_prefix ? name.substr(kTextModel.size()) : std::string(kTextModel) + name)].insert(&target);
}

TargetNames::Found TargetNames::find(const std::string& part, const std::string& module) const {
  const auto named = by_name_.find(underscored(module));
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
