#pragma once
// Which module of a model a LoRA file means.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/api/lora.h"

namespace alice::low_rank {

inline constexpr const char *kWeight = ".weight", *kBias = ".bias";

/// Files spell a module in the diffusers or in the original layout, with dots or with underscores instead, and a text
/// encoder's with or without "text_model." in front: every spelling finds it. Keeps pointers into the targets that it
/// was made from.
class TargetNames {
 public:
  explicit TargetNames(const std::vector<LoraTarget>& targets);

  struct Found {
    const LoraTarget* target = nullptr;  ///< null: there is none, or more than one
    bool ambiguous = false;
  };
  /// `part` may be "": any. Of a module the parameter with this ending: kWeight, kBias.
  Found find(const std::string& part, const std::string& module, const std::string& ending) const;

 private:
  void add(const LoraTarget& target, const std::string& module, const std::string& ending);

  std::map<std::string, std::set<const LoraTarget*>> by_name_;  // underscored name and ending -> who may be meant
};

}  // namespace alice::low_rank
