#pragma once
// A golden folder (tests/data/goldens/README.md describes the format): reference outputs, and the small models they
// came from.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/io/safetensors_file.h"

namespace alice {

/// Reads what is asked for, once; collects our own tensors under the golden's names for --out. One thread.
class Golden {
 public:
  /// Throws Error(not_found) when `folder` is no folder.
  explicit Golden(std::filesystem::path folder);

  bool has(const std::string& file) const;
  /// "unet/unet.json". Throws Error(not_found), Error(bad_weights).
  const Json& json(const std::string& file);
  /// "unet/unet.safetensors".
  const SafetensorsFile& tensors(const std::string& file);
  /// The families that it has a model folder of, sorted: models/tiny_<family>.
  std::vector<std::string> families() const;
  std::filesystem::path model(const std::string& family) const;
  std::filesystem::path path(const std::string& file) const { return folder_ / file; }

  /// Our own tensor beside the golden's `name` of `file`.
  void keep(const std::string& file, const std::string& name, const Tensor& tensor);
  /// Writes what was kept to `folder`, one file for each of the golden's. Throws Error when it cannot be written.
  void write_kept(const std::filesystem::path& folder) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, Json> jsons_;
  std::map<std::string, std::shared_ptr<const SafetensorsFile>> files_;
  std::map<std::string, std::map<std::string, Tensor>> kept_;
};

/// What stands before the first slash or underscore of a case's name.
std::string family_of(const std::string& id);

}  // namespace alice
