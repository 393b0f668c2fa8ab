#include "core/io/part_folder.h"

#include <set>
#include <utility>
#include <vector>

#include "core/io/safetensors_file.h"
#include "core/io/written_link.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr const char* kBases[] = {"diffusion_pytorch_model", "model"};
constexpr const char* kCommonVariant = "fp16";

[[noreturn]] void fail(const fs::path& file, const std::string& sentence) {
  throw Error(ErrorCode::bad_weights, file.string(), sentence);
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_pickle(const std::string& name) {
  return ends_with(name, ".bin") || ends_with(name, ".ckpt") || ends_with(name, ".pt") || ends_with(name, ".pth");
}

bool holds_weights(const std::string& name) {
  return ends_with(name, ".safetensors") || name.find(".safetensors.") != std::string::npos || is_pickle(name);
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
    if (!stays_inside(shard)) fail(index_file, "names the file '" + shard + "', which lies outside its folder");
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

std::shared_ptr<const WeightSource> open_index(const fs::path& index_file) {
  const auto map = read_weight_map(index_file);
  std::set<std::string> names;
  for (const auto& [tensor, shard] : map) names.insert(shard);
  std::vector<fs::path> shards;
  for (const std::string& name : names) {
    shards.push_back(index_file.parent_path() / name);
    if (!is_there(shards.back())) fail(index_file, "names the file '" + name + "', which is not there");
  }
  auto source = SafetensorsFile::open_shards(shards, index_file.string());
  check_weight_map(map, source->index(), index_file);
  return source;
}

/// The spellings of an index's name: today's, and diffusers' older one for variants.
std::vector<std::string> index_names(const std::string& base, const std::string& variant) {
  if (variant.empty()) return {base + ".safetensors.index.json"};
  return {base + ".safetensors.index." + variant + ".json", base + ".safetensors." + variant + ".index.json"};
}

/// Null when there are none of this variant.
std::shared_ptr<const WeightSource> open_variant(const std::map<std::string, fs::path>& files,
                                                 const std::string& variant) {
  for (const std::string base : kBases) {
    const std::string whole = base + (variant.empty() ? "" : "." + variant) + ".safetensors";
    if (const auto found = files.find(whole); found != files.end()) return SafetensorsFile::open(found->second);
    for (const std::string& index : index_names(base, variant))
      if (const auto found = files.find(index); found != files.end()) return open_index(found->second);
  }
  return nullptr;
}

[[noreturn]] void no_weights(const fs::path& folder, const std::map<std::string, fs::path>& files) {
  std::string others;
  for (const auto& [name, file] : files) {
    if (is_pickle(name))
      throw Error(ErrorCode::unsupported, (folder / name).string(),
                  "is a pickle, which can run code when it is read: convert the model to safetensors (diffusers' "
                  "save_pretrained writes it)");
    if (ends_with(name, ".safetensors")) others += (others.empty() ? "" : ", ") + name;
  }
  fail(folder, "holds no diffusion_pytorch_model.safetensors and no model.safetensors, whole or in shards" +
                   (others.empty() ? "" : "; name one of its files instead: " + others));
}

std::shared_ptr<const WeightSource> open_weights(const fs::path& folder, const std::map<std::string, fs::path>& files,
                                                 const std::string& variant) {
  for (const std::string& wanted : {variant, std::string(), std::string(kCommonVariant)})
    if (auto source = open_variant(files, wanted)) return source;
  no_weights(folder, files);
}

}  // namespace

ModelFiles open_part_folder(const fs::path& folder, const std::string& variant) {
  ModelFiles part;
  part.place = folder.string();
  auto files = files_in(folder);
  part.weights = open_weights(folder, files, variant);
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

std::map<std::string, fs::path> files_in(const fs::path& folder) {
  std::error_code status;
  std::map<std::string, fs::path> files;
  fs::directory_iterator entry(folder, status);
  for (; !status && entry != fs::directory_iterator(); entry.increment(status)) {
    // A link that leads nowhere counts as a file, so that opening it names it instead of passing it over.
    std::error_code unknown;
    if (!entry->is_directory(unknown)) files[entry->path().filename().string()] = follow_written_link(entry->path());
  }
  if (status) throw Error(ErrorCode::not_found, folder.string(), "cannot be read as a folder: " + status.message());
  return files;
}

Json read_json_object(const fs::path& file) {
  Json object = read_json_file(file);
  if (!object.is_object()) fail(file, "must hold a JSON object");
  return object;
}

}  // namespace alice
