#include "server/worker/compat/single_file.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace alice {
namespace {

constexpr const char* kFolderItself = ".";
constexpr const char* kExtra = "extra";

std::string part_of(const std::string& source) { return source.substr(0, source.find('/')); }
std::string tensor_of(const std::string& source) { return source.substr(source.find('/') + 1); }

/// The weights of a model's part, or those of `extra`, which lies beside the map.
std::string weights_file(const Golden& golden, const GoldenTable& table, const std::string& model,
                         const std::string& part) {
  if (part == kExtra) return table.folder() + table.json().at(kExtra).get<std::string>();
  const std::string folder = "models/" + model + (part == kFolderItself ? "" : "/" + part) + "/";
  for (const char* name : {"diffusion_pytorch_model.safetensors", "model.safetensors"})
    if (golden.has(folder + name)) return folder + name;
  throw Error(ErrorCode::not_found, table.name(), "no weights in " + folder);
}

}  // namespace

SingleFileMap::SingleFileMap(Golden& golden, const GoldenTable& table) : place_(table.name()) {
  model_ = table.json().at("model").get<std::string>();
  add(table, "");
  for (const Json& other : table.json().at("include")) {
    const std::string file = other.at(0).get<std::string>();
    add(GoldenTable(golden, table.folder() + file.substr(0, file.rfind('.'))), other.at(1).get<std::string>());
  }
  for (const auto& entry : entries_)
    for (const std::string& source : entry.second.sources)
      if (!sources_.count(source))
        sources_[source] =
            golden.tensors(weights_file(golden, table, model_, part_of(source))).tensor(tensor_of(source));
}

void SingleFileMap::add(const GoldenTable& table, const std::string& prefix) {
  for (const auto& tensor : table.json().at("tensors").items()) {
    const auto words = tensor.value().get<std::vector<std::string>>();
    if (words.size() < 2)
      throw Error(ErrorCode::bad_weights, table.name(), "'" + tensor.key() + "' is made of nothing");
    entries_[prefix + tensor.key()] = {words.front(), {words.begin() + 1, words.end()}};
  }
}

std::vector<std::string> SingleFileMap::parts() const {
  std::set<std::string> parts;
  for (const auto& source : sources_)
    if (const std::string part = part_of(source.first); part != kExtra) parts.insert(part);
  return {parts.begin(), parts.end()};
}

std::map<std::string, Tensor> SingleFileMap::tensors_of(const std::string& part) const {
  std::map<std::string, Tensor> out;
  for (const auto& [name, tensor] : sources_)
    if (part_of(name) == part) out[tensor_of(name)] = tensor;
  return out;
}

RoundedTensors SingleFileMap::tensors(DType dtype) const {
  RoundedTensors out;
  for (const auto& [name, entry] : entries_) {
    const Tensor tensor = made(name, entry);
    out[name] = tensor.scalar_type() == at::kHalf ? rounded(tensor, dtype) : as_it_is(tensor);
  }
  return out;
}

Tensor SingleFileMap::made(const std::string& name, const Entry& entry) const {
  const Tensor& first = sources_.at(entry.sources.front());
  if (entry.operation == "copy") return first;
  if (entry.operation == "conv1x1") return first.reshape({first.size(0), first.size(1), 1, 1});
  if (entry.operation == "transpose") return first.t().contiguous();
  if (entry.operation != "stack")
    throw Error(ErrorCode::bad_weights, place_, "'" + name + "': no operation '" + entry.operation + "' is known");
  std::vector<Tensor> parts;
  for (const std::string& source : entry.sources) parts.push_back(sources_.at(source));
  return at::cat(parts);
}

Json settings_beside(Golden& golden, const GoldenTable& table, const SingleFileMap& map) {
  const Json configs = golden.json(table.folder() + kSingleFiles).value("configs", Json::object());
  if (const auto found = configs.find(table.stem()); found != configs.end()) return *found;
  Json settings = Json::object();
  for (const std::string& part : map.parts()) {
    const std::string config = "models/" + map.model() + "/" + part + "/config.json";
    if (part != kFolderItself && golden.has(config)) settings[part] = golden.json(config);
  }
  return settings;
}

DType dtype_named(const std::string& type, const std::string& place) {
  std::string upper = type;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  DType dtype;
  if (dtype_from_string(upper, dtype)) return dtype;
  throw Error(ErrorCode::bad_weights, place, "'" + type + "' is no type that is known");
}

}  // namespace alice
