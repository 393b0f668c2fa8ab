#include "core/base/model_catalogue.h"

#include <algorithm>

#include "core/base/model_tree.h"
#include "core/base/nearest.h"
#include "core/base/tensor_files.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIdPrefix = "sd/";
constexpr const char* kLoraFolder = "loras";
constexpr int kDeepest = 3;

bool is_model_folder(const fs::path& folder) {
  std::error_code status;
  return fs::is_regular_file(folder / "model_index.json", status);
}

ModelConfig found_model(const std::string& id, const fs::path& source) {
  ModelConfig model;
  model.id = id;
  model.source = source;
  model.place = source.string();
  model.scheduler.place = json_places(id);
  return model;
}

/// A model's folder is taken, other ones are searched.
FolderUse use_of(const TreeEntry& folder) {
  if (folder.name == kLoraFolder) return FolderUse::pass_over;
  return is_model_folder(folder.path) ? FolderUse::take : FolderUse::search;
}

/// Folders, which keep the short id, then files in the order of tensor_endings().
size_t rank_of(const TreeEntry& entry) { return entry.is_folder ? 0 : 1 + rank_of_tensor_file(entry.name); }

std::map<std::string, ModelConfig> found_models(const fs::path& folder) {
  std::vector<TreeEntry> entries = search_tree(folder, kDeepest, use_of);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TreeEntry& a, const TreeEntry& b) { return rank_of(a) < rank_of(b); });
  std::map<std::string, ModelConfig> models;
  const auto add = [&](const std::string& name, const TreeEntry& entry) {
    models.emplace(kIdPrefix + name, found_model(kIdPrefix + name, entry.path));
  };
  for (const TreeEntry& entry : entries) {
    const std::string bare = entry.is_folder ? entry.name : without_tensor_ending(entry.name);
    if (!bare.empty()) add(models.count(kIdPrefix + bare) ? entry.name : bare, entry);
  }
  return models;
}

}  // namespace

const PartConfig& ModelConfig::part(const std::string& role) const {
  static const PartConfig none;
  const auto found = parts.find(role);
  return found != parts.end() ? found->second : none;
}

std::map<std::string, ModelConfig> list_models(const HostConfig& config) {
  std::map<std::string, ModelConfig> models = config.models;
  models.merge(found_models(config.models_directory));
  if (!config.shipped_models.empty()) models.merge(found_models(config.shipped_models));
  return models;
}

ModelConfig find_model(const HostConfig& config, const std::string& name, bool paths_allowed,
                       const std::string& place) {
  const std::map<std::string, ModelConfig> models = list_models(config);
  for (const std::string& id : {name, kIdPrefix + name})
    if (const auto found = models.find(id); found != models.end()) return found->second;

  std::error_code status;
  if (paths_allowed && fs::exists(name, status)) {
    fs::path path(name);
    if (!path.has_filename()) path = path.parent_path();  // "folder/"
    return found_model(kIdPrefix + (fs::is_directory(path, status) ? path.filename() : path.stem()).string(), path);
  }
  std::vector<std::string> ids;
  for (const auto& model : models) ids.push_back(model.first);
  throw Error(ErrorCode::not_found, place,
              "there is no model '" + name + "'" +
                  (ids.empty() ? " (none in " + config.models_directory.string() + ")" : did_you_mean(name, ids)) +
                  (paths_allowed ? ", nor a file or folder of that name" : ""));
}

}  // namespace alice
