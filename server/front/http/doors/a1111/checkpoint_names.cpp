#include "server/front/http/doors/a1111/checkpoint_names.h"

#include <algorithm>

#include "core/base/text.h"
#include "server/front/http/headers.h"

namespace alice::a1111 {
namespace {

constexpr const char* kExtension = ".safetensors";

Json models_in(const ServerState& state) { return state.description.value("models", Json::array()); }

Checkpoint checkpoint_of(const Json& model) {
  Checkpoint one;
  one.id = model.value("id", "");
  const std::string name = one.id.substr(one.id.find('/') + 1);
  one.model_name = name;
  std::replace(one.model_name.begin(), one.model_name.end(), '/', '_');
  one.file_name = name + kExtension;
  one.sha256 = model.value("sha256", "");
  one.title = one.sha256.empty() ? one.file_name : one.file_name + " [" + one.short_hash() + "]";
  return one;
}

/// "name.safetensors [0123456789]" -> "name.safetensors".
std::string without_hash(const std::string& title) { return title.substr(0, title.find(" [")); }

std::string without_extension(const std::string& name) {
  for (const char* extension : {kExtension, ".ckpt", ".pt", ".pth", ".gguf"})
    if (ends_with(name, extension)) return name.substr(0, name.size() - std::string_view(extension).size());
  return name;
}

bool is_called(const Checkpoint& one, const std::string& name) {
  if (!one.sha256.empty() && (name == one.sha256 || name == one.short_hash())) return true;
  const std::string plain = without_extension(without_hash(name));
  return same_ignoring_case(plain, without_extension(one.file_name)) || same_ignoring_case(plain, one.model_name) ||
         plain == one.id;
}

}  // namespace

std::vector<Checkpoint> list_checkpoints(const ServerState& state) {
  std::vector<Checkpoint> list;
  for (const Json& model : models_in(state))
    if (model.value("available", false)) list.push_back(checkpoint_of(model));
  return list;
}

std::string find_checkpoint(const ServerState& state, const std::string& name) {
  if (models_in(state).empty()) return without_extension(without_hash(name));
  for (const Checkpoint& one : list_checkpoints(state))
    if (is_called(one, name)) return one.id;
  return "";
}

std::string title_of(const ServerState& state, const std::string& id) {
  for (const Checkpoint& one : list_checkpoints(state))
    if (one.id == id) return one.title;
  return id.substr(id.find('/') + 1);
}

}  // namespace alice::a1111
