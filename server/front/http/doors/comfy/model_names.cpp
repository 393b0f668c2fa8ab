#include "server/front/http/doors/comfy/model_names.h"

#include <algorithm>

#include "core/base/text.h"

namespace alice::comfy {
namespace {

constexpr const char* kExtension = ".safetensors";

std::string without_extension(const std::string& name) {
  for (const char* extension : {kExtension, ".ckpt", ".pt", ".pth", ".gguf"})
    if (ends_with(name, extension)) return name.substr(0, name.size() - std::string_view(extension).size());
  return name;
}

std::string without_kind(const std::string& id) { return id.substr(id.find('/') + 1); }

std::vector<std::string> ids_of(const Json& list, bool only_available) {
  std::vector<std::string> ids;
  for (const Json& one : list)
    if (!only_available || one.value("available", false)) ids.push_back(one.value("id", ""));
  return ids;
}

/// Windows' clients write folders with a backslash.
std::string plain_name(std::string name) {
  std::replace(name.begin(), name.end(), '\\', '/');
  return without_extension(name);
}

std::vector<std::string> models_of(const ServerState& state) {
  return ids_of(state.description.value("models", Json::array()), true);
}
std::vector<std::string> loras_of(const ServerState& state) {
  return ids_of(state.description.value("loras", Json::array()), false);
}

}  // namespace

std::vector<std::string> list_checkpoints(const ServerState& state) {
  std::vector<std::string> names;
  for (const std::string& id : models_of(state)) names.push_back(without_kind(id) + kExtension);
  return names;
}

std::vector<std::string> list_loras(const ServerState& state) {
  std::vector<std::string> names;
  for (const std::string& id : loras_of(state)) names.push_back(id + kExtension);
  return names;
}

std::string find_checkpoint(const ServerState& state, const std::string& name) {
  const std::string plain = plain_name(name);
  for (const std::string& id : models_of(state))
    if (id == name || without_kind(id) == plain) return id;
  return "";
}

std::string find_lora(const ServerState& state, const std::string& name) {
  const std::string plain = plain_name(name);
  for (const std::string& id : loras_of(state))
    if (id == name || without_extension(id) == plain) return id;
  return "";
}

}  // namespace alice::comfy
