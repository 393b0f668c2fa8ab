#include "core/io/part_folder.h"

#include <set>
#include <utility>
#include <vector>

#include "core/base/tensor_files.h"
#include "core/base/utf8.h"
#include "core/io/open_tensors.h"
#include "core/io/scaled_weights.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr size_t kLargestSettings = 4u << 20;  // bytes; an index of a thousand shards has less

[[noreturn]] void fail(const fs::path& file, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, file.string(), sentence);
}

/// A name in a weight_map must stay in the folder of the index: model files come from strangers.
bool stays_inside(const fs::path& shard) {
  if (shard.empty() || shard.is_absolute()) return false;
  for (const fs::path& step : shard)
    if (step == "..") return false;
  return true;
}

/// Which tensor is in which file, as an index file says.
std::map<std::string, std::string> read_weight_map(const fs::path& index_file) {
  const Json index = read_json_object(index_file);
  const auto found = index.find("weight_map");
  if (found == index.end() || !found->is_object() || found->empty())
    fail(index_file, "needs a \"weight_map\": an object that gives the file of each tensor");
  std::map<std::string, std::string> map;
  for (const auto& member : found->items()) {
    if (!member.value().is_string()) fail(index_file, "names no file for tensor '" + member.key() + "'");
    const std::string shard = member.value().get<std::string>();
    if (!stays_inside(shard))
      fail(index_file, "names the file '" + brief(shard) + "', which lies outside its folder");
    map[member.key()] = shard;
  }
  return map;
}

void check_weight_map(const std::map<std::string, std::string>& map, const TensorIndex& tensors,
                      const fs::path& index_file) {
  for (const auto& [name, shard] : map) {
    const TensorInfo* info = tensors.find(name);
    if (info == nullptr) fail(index_file, "puts tensor '" + name + "' into " + shard + ", but no shard has it");
    const fs::path actual = tensors.files[info->file];
    if (actual != index_file.parent_path() / shard)
      fail(index_file, "puts tensor '" + name + "' into " + shard + ", but it is in " + actual.filename().string());
  }
  for (const auto& [name, info] : tensors.tensors)
    if (map.count(name) == 0) fail(index_file, "does not list tensor '" + name + "' of " + tensors.files[info.file]);
}

OpenedTensors open_index(const fs::path& index_file) {
  const auto map = read_weight_map(index_file);
  std::set<std::string> names;
  for (const auto& [tensor, shard] : map) names.insert(shard);
  std::vector<fs::path> shards;
  for (const std::string& name : names) {
    shards.push_back(index_file.parent_path() / name);
    if (!is_there(shards.back())) fail(index_file, "names the file '" + name + "', which is not there");
  }
  OpenedTensors opened = open_shards(shards, index_file.string());
  check_weight_map(map, opened.weights->index(), index_file);
  return opened;
}

[[noreturn]] void no_weights(const fs::path& folder, const FilesByName& files) {
  const OtherFormat other = other_format_in(files);
  if (!other.name.empty()) throw Error(ErrorCode::unsupported, (folder / other.name).string(), other.sentence);
  std::string others;
  for (const auto& [name, file] : files)
    if (!without_tensor_ending(name).empty()) others += (others.empty() ? "" : ", ") + brief(name);
  fail(folder, "holds no diffusion_pytorch_model.safetensors and no model.safetensors, whole or in shards" +
                   (others.empty() ? "" : "; name one of its files instead: " + others));
}

OpenedTensors open_weights(const fs::path& folder, const FilesByName& files, const std::string& variant) {
  for (const WeightForm form : {WeightForm::safetensors, WeightForm::pickles}) {
    std::vector<std::string> wanted = variants_in(files, form);
    wanted.insert(wanted.begin(), variant);
    for (const std::string& name : wanted)
      if (const WeightFiles weights = weights_of_variant(files, form, name); weights.is_there())
        return weights.is_index ? open_index(weights.file) : open_tensors(weights.file);
  }
  no_weights(folder, files);
}

}  // namespace

ModelFiles open_part_folder(const fs::path& folder, const std::string& variant, std::vector<Fault>* warnings) {
  ModelFiles part;
  part.place = folder.string();
  auto files = files_in(folder);
  OpenedTensors opened = open_weights(folder, files, variant);
  part.weights = with_scales(std::move(opened.weights));
  if (warnings != nullptr) warnings->insert(warnings->end(), opened.warnings.begin(), opened.warnings.end());
  if (files.count(kConfig) > 0) part.config = read_json_object(folder / kConfig);
  for (auto& [name, file] : files)
    if (name != kConfig && !holds_weights(name)) part.assets[name] = std::move(file);
  return part;
}

bool is_there(const fs::path& path) {
  std::error_code status;
  return fs::exists(path, status);
}

bool is_folder(const fs::path& path) {
  std::error_code status;
  return fs::is_directory(path, status);
}

FilesByName files_in(const fs::path& folder) {
  std::error_code status;
  FilesByName files;
  fs::directory_iterator entry(folder, status);
  for (; !status && entry != fs::directory_iterator(); entry.increment(status)) {
    // A link that leads nowhere counts as a file, so that opening it names it instead of passing it over.
    std::error_code unknown;
    if (!entry->is_directory(unknown)) files[entry->path().filename().string()] = entry->path();
  }
  if (status) throw Error(ErrorCode::not_found, folder.string(), "cannot be read as a folder: " + status.message());
  return files;
}

Json read_json_object(const fs::path& file) {
  Json object = read_json_file(file, kLargestSettings);
  if (!object.is_object()) fail(file, "must hold a JSON object");
  return object;
}

}  // namespace alice
