#include "server/worker/compat/golden.h"

#include <algorithm>

#include "core/io/safetensors_writer.h"

namespace alice {
namespace {

constexpr const char* kModels = "models";
constexpr const char* kInputs = "inputs";  // pictures of runs
constexpr const char* kModel = "model";  // whose a case or table is
constexpr const char* kModelPrefix = "tiny_";

/// What stands before the first slash or underscore.
std::string family_of(const std::string& key) { return key.substr(0, key.find_first_of("/_")); }

}  // namespace

Golden::Golden(std::filesystem::path folder) : folder_(std::move(folder)) {
  std::error_code status;
  if (!std::filesystem::is_directory(folder_, status))
    throw Error(ErrorCode::not_found, folder_.string(),
                "is no folder: a golden folder holds schedulers/, unet/, images/ and the like");
}

bool Golden::has(const std::string& file) const {
  std::error_code status;
  return std::filesystem::exists(folder_ / file, status);
}

const Json& Golden::json(const std::string& file) {
  const auto found = jsons_.find(file);
  if (found != jsons_.end()) return found->second;
  return jsons_[file] = read_json_file(folder_ / file);
}

const SafetensorsFile& Golden::tensors(const std::string& file) {
  std::shared_ptr<const SafetensorsFile>& opened = files_[file];
  if (!opened) opened = SafetensorsFile::open(folder_ / file);
  return *opened;
}

std::vector<std::string> Golden::tables() const {
  std::vector<std::string> out;
  std::error_code status;
  for (const auto& folder : std::filesystem::directory_iterator(folder_, status)) {
    const std::string name = folder.path().filename().string();
    if (name == kModels || name == kInputs) continue;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder.path(), status))
      if (file.path().extension() == ".json")
        out.push_back(file.path().lexically_relative(folder_).replace_extension().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> Golden::files(const std::string& folder) const {
  std::vector<std::string> out;
  std::error_code status;
  for (const auto& file : std::filesystem::directory_iterator(folder_ / folder, status))
    if (file.is_regular_file(status)) out.push_back(file.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> Golden::models() const {
  std::vector<std::string> out;
  std::error_code status;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / kModels, status)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name.rfind(kModelPrefix, 0) == 0) out.push_back(name);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string Golden::part_class(const std::string& model, const std::string& part) {
  const std::string folder = "models/" + model + "/", within = folder + part + "/config.json";
  const std::string file = has(within) ? within : folder + "config.json";
  if (!has(file)) return "";
  const Json& config = json(file);
  if (config.contains("_class_name")) return config.at("_class_name").get<std::string>();
  const Json architectures = config.value("architectures", Json::array());
  return architectures.empty() ? "" : architectures.at(0).get<std::string>();
}

const Json& Golden::model_index(const std::string& model) {
  static const Json none = Json::object();
  const std::string file = "models/" + model + "/model_index.json";
  return has(file) ? json(file) : none;
}

void Golden::keep(const std::string& file, const std::string& name, const Tensor& tensor) {
  kept_[file][name] = tensor.detach().to(at::kCPU).contiguous();
}

void Golden::write_kept(const std::filesystem::path& folder) const {
  for (const auto& [file, tensors] : kept_) {
    const std::filesystem::path target = folder / file;
    std::error_code status;
    std::filesystem::create_directories(target.parent_path(), status);
    if (status)
      throw Error(ErrorCode::bad_request, target.parent_path().string(), "cannot be created: " + status.message());
    write_safetensors(target, tensors, {});
  }
}

const Json& GoldenTable::cases() const {
  static const Json none = Json::array();
  const Json& table = json();
  const auto found = table.is_object() ? table.find("cases") : table.end();
  return found != table.end() && found->is_array() ? *found : none;
}

std::string GoldenTable::id(const std::string& key) const {
  return name_ == stem() + "/" + stem() ? key : name_ + "/" + key;
}

std::string GoldenTable::model_of(const std::string& key, const Json& one) const {
  if (one.contains(kModel)) return one.at(kModel).get<std::string>();
  if (json().contains(kModel)) return json().at(kModel).get<std::string>();
  return kModelPrefix + family_of(key);
}

std::string GoldenTable::without_family(const std::string& key) const {
  return json().contains(kModel) ? key : key.substr(std::min(key.size(), family_of(key).size() + 1));
}

}  // namespace alice
