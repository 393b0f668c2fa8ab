#pragma once
// Whole models as one file under other names, made of a golden's folder by its map: FOLDER/NAME.json.

#include <map>
#include <string>
#include <vector>

#include "server/worker/compat/golden.h"
#include "server/worker/compat/tensor_containers.h"

namespace alice {

/// {"model", "tensors": {NAME IN THE FILE: [OPERATION, "PART/TENSOR OF THE FOLDER", ...]}, "include": [[FILE OF ANOTHER
/// MAP, PREFIX], ...], "extra": a file of tensors that the folder has not}. Operations: copy; stack (along rows);
/// conv1x1 (two sides of 1 more); transpose. Tensors of PART "." are those of the folder itself.
class SingleFileMap {
 public:
  /// Throws Error(bad_weights) for a map that says something else, Error(not_found) for a file that is not there.
  SingleFileMap(Golden& golden, const GoldenTable& table);

  const std::string& model() const { return model_; }
  /// The parts of the folder that it holds, sorted.
  std::vector<std::string> parts() const;
  /// The tensors of one of them that stand in the file, by their names in the folder.
  std::map<std::string, Tensor> tensors_of(const std::string& part) const;
  /// All of the file, by their names there; those of float16 in `dtype`.
  RoundedTensors tensors(DType dtype) const;

 private:
  struct Entry {
    std::string operation;
    std::vector<std::string> sources;
  };
  void add(const GoldenTable& table, const std::string& prefix);
  Tensor made(const std::string& name, const Entry& entry) const;

  std::string place_, model_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, Tensor> sources_;  // "PART/TENSOR"
};

/// The table beside the maps of single files that says what all of them have in common.
inline constexpr const char* kSingleFiles = "single.json";
/// What tensors do not tell, for a .json beside the file: as the golden says, else as the folder's parts do.
Json settings_beside(Golden& golden, const GoldenTable& table, const SingleFileMap& map);
/// "f8_e4m3" as goldens name types. Throws Error(bad_weights) at `place` for another name.
DType dtype_named(const std::string& type, const std::string& place);

}  // namespace alice
