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
  /// "unet/unet", "sd15/txt2img", "single/ckpt/ckpt": every FOLDER/NAME.json, however deep, without its ending, sorted;
  /// but those of models and of the runs' pictures.
  std::vector<std::string> tables() const;
  /// The names of the files of one folder ("single/ckpt/"), sorted.
  std::vector<std::string> files(const std::string& folder) const;
  /// The folders of its small models, sorted: "tiny_...".
  std::vector<std::string> models() const;
  std::filesystem::path model(const std::string& name) const { return folder_ / "models" / name; }
  /// What the model says of itself in PART/config.json, or in the config.json of a folder that is one part alone: the
  /// class of the part. "" where nothing says so.
  std::string part_class(const std::string& model, const std::string& part);
  /// What its model_index.json says; an object, empty where there is none.
  const Json& model_index(const std::string& model);
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

/// One json of a golden folder, with the tensors of the file of the same name beside it. References its golden.
class GoldenTable {
 public:
  GoldenTable(Golden& golden, std::string name) : golden_(&golden), name_(std::move(name)) {}

  const std::string& name() const { return name_; }                          ///< "sd15/txt2img"
  std::string stem() const { return name_.substr(name_.rfind('/') + 1); }    ///< "txt2img"
  std::string folder() const { return name_.substr(0, name_.rfind('/') + 1); }  ///< "sd15/"
  std::string tensor_file() const { return name_ + ".safetensors"; }
  const Json& json() const { return golden_->json(name_ + ".json"); }
  /// [] where it has none.
  const Json& cases() const;
  bool has_tensors() const { return golden_->has(tensor_file()); }
  const SafetensorsFile& tensors() const { return golden_->tensors(tensor_file()); }
  /// A case's name in reports: its key alone in a table that is named as its folder ("unet/unet").
  std::string id(const std::string& key) const;
  /// The model that `key` is of: as the case says, else as the table does, else the one whose family the key begins
  /// with ("FAMILY/0/last", "FAMILY_wide").
  std::string model_of(const std::string& key, const Json& one = Json::object()) const;
  /// `key` without that family.
  std::string without_family(const std::string& key) const;

 private:
  Golden* golden_;
  std::string name_;
};

}  // namespace alice
