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

}  // namespace

TargetNames::TargetNames(const std::vector<LoraTarget>& targets) {
  for (const LoraTarget& target : targets) {
    parts_.insert(target.part);
    add(target, target.module);
    if (target.alias.empty()) continue;
    add(target, target.alias);
    if (target.part == "unet") add(target, kUNetContainer + target.alias);
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
