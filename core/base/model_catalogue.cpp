#include "core/base/model_catalogue.h"

#include <algorithm>

#include "core/base/nearest.h"

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
  for (PartConfig* part : {&model.scheduler, &model.text_encoder, &model.unet, &model.vae})
    part->place = json_places(id);
  return model;
}

void scan(const fs::path& folder, const std::string& prefix, int depth, std::map<std::string, ModelConfig>& models) {
  std::error_code status;
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder, status)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());

  std::vector<fs::path> files;
  for (const fs::path& entry : entries) {
    const std::string name = entry.filename().string();
    if (name.empty() || name[0] == '.' || (depth == 1 && name == kLoraFolder)) continue;
    if (fs::is_directory(entry, status)) {
      if (is_model_folder(entry))
        models.emplace(prefix + name, found_model(prefix + name, entry));
      else if (depth < kDeepest)
        scan(entry, prefix + name + "/", depth + 1, models);
    } else if (entry.extension() == ".safetensors") {
      files.push_back(entry);
    }
  }
  for (const fs::path& file : files) {  // after the folders, which keep the short id
    std::string id = prefix + file.stem().string();
    if (models.count(id)) id = prefix + file.filename().string();
    models.emplace(id, found_model(id, file));
  }
}

}  // namespace

std::map<std::string, ModelConfig> list_models(const HostConfig& config) {
  std::map<std::string, ModelConfig> models = config.models;
  std::map<std::string, ModelConfig> found;
  scan(config.models_directory, kIdPrefix, 1, found);
  models.merge(found);
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
