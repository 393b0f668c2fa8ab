#pragma once
// A model out of nothing but its settings: for tests, for measuring, and for a first start without a download.

#include <filesystem>
#include <vector>

#include "core/host/composer.h"

namespace alice {

struct ModelRecipe {
  /// Laid out as a diffusers folder: a folder with a config.json for each part, the tokenizer's and the scheduler's
  /// files. model_index.json may be missing. Weights that lie in it are not read.
  std::filesystem::path settings;
  std::filesystem::path out;  ///< must not exist; the folder above it must
  at::ScalarType dtype = at::kFloat;
  uint64_t seed = 0;
};

/// Writes `out`, whole or not at all: a diffusers folder with random weights of the names and shapes that the plugins
/// ask for. Every part must be recognised, and the text encoder be loadable. Returns the descriptions of the parts, for
/// people. Throws Error(bad_request) when `out` exists, Error(not_found) for settings or tokenizer files that are not
/// there, Error(bad_weights) for settings that no plugin takes, and as AtomicFile does.
std::vector<std::string> make_model(Composer& composer, const ModelRecipe& recipe);

}  // namespace alice
