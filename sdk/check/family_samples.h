#pragma once
// Models to try a family of models on: names, shapes and settings, and what their parts say of themselves. No number is
// behind them.

#include <string>
#include <vector>

#include "core/api/family.h"
#include "sdk/check/check.h"

namespace alice::check {

struct FamilySample {
  std::string name;     ///< for people
  ModelContents model;  ///< whoever asks for a tensor of it fails the check
  PartInfos infos;      ///< of its parts, which belong together
};

/// Those that the factory recognises of the known ones, or of the author's folder: parts.json beside a model_index.json
/// or one file of tensors; or folders that hold such. Fails when there are none, with what to do; throws
/// Error(bad_config) for a parts.json that is wrong, and as open_model().
std::vector<FamilySample> family_samples(const FamilyFactory& factory, const Case& it);

/// A file of these names, one number each, and settings beside it.
ModelContents file_of(const std::vector<std::string>& names, const Json& settings);

/// All that there is to tell of a prompt, drawn by `seed`.
Told told_of(const FamilySample& sample, uint64_t seed);

}  // namespace alice::check
