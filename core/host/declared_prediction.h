#pragma once
// What a single file says of its network's prediction, outside of its tensors and settings.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace alice {

struct DeclaredPrediction {
  std::string type;   ///< "epsilon", "v_prediction" or "sample"
  std::string place;  ///< where it stands, for people and without a path: "x.yaml beside it"
};

/// The most trusted first: `parameterization` of the original configuration beside the file (x.yaml, as A1111 reads
/// it), then modelspec.prediction_type and modelspec.architecture of the file's metadata (ModelSpec 1.0.1). Empty where
/// nobody says anything. Throws as read_regular_file() does for a .yaml of more than a megabyte.
std::vector<DeclaredPrediction> declared_predictions(const std::filesystem::path& file,
                                                     const std::map<std::string, std::string>& metadata);

}  // namespace alice
