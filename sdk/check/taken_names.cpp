#include "sdk/check/taken_names.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/host/registry.h"

namespace alice::check {
namespace {

namespace fs = std::filesystem;

/// In the order of the loader.
std::vector<PlacedPath> other_libraries(const fs::path& own, const fs::path& folder) {
  std::vector<PlacedPath> libraries;
  std::error_code status;
  for (const auto& entry : fs::directory_iterator(folder, status))
    if (entry.path().extension() == ".so" && !fs::equivalent(entry.path(), own, status))
      libraries.push_back({entry.path(), ""});
  std::sort(libraries.begin(), libraries.end(),
            [](const PlacedPath& a, const PlacedPath& b) { return a.path < b.path; });
  return libraries;
}

/// Whose the name is, as PluginRecord::factories has it: "scheduler some_id"; "" when nobody's.
template <class F>
std::string bearer_in(const FactoryList<F>& list, const std::string& name) {
  const F* const factory = list.find(name).factory;
  return factory == nullptr ? "" : list.kind() + " " + factory->info().id;
}

std::string bearer_of(const Registry& registry, Kind kind, const std::string& name) {
  switch (kind) {
    case Kind::backend: return bearer_in(registry.backends(), name);
    case Kind::scheduler: return bearer_in(registry.schedulers(), name);
    case Kind::text_encoder: return bearer_in(registry.text_encoders(), name);
    case Kind::unet: return bearer_in(registry.unets(), name);
    case Kind::vae: return bearer_in(registry.vaes(), name);
    case Kind::lora_format: return bearer_in(registry.lora_formats(), name);
    case Kind::entry: break;
  }
  return "";
}

std::string library_of(const Registry& registry, const std::string& bearer) {
  for (const PluginRecord& plugin : registry.plugins())
    if (std::find(plugin.factories.begin(), plugin.factories.end(), bearer) != plugin.factories.end())
      return plugin.file.string();
  return "";
}

/// By library: "the scheduler 'a', 'b', the backend 'c'".
using Shared = std::map<std::string, std::string>;

void add_names(PluginUnderTest& plugin, const Subject& subject, const Registry& registry, Shared& shared) {
  const FactoryInfo& info = plugin.factory(subject).info();
  std::vector<std::string> names = {info.id};
  for (const Alias& alias : info.aliases) names.push_back(alias.name);
  std::set<std::string> told;  // libraries that this factory was named for
  for (const std::string& name : names) {
    const std::string bearer = bearer_of(registry, subject.kind, name);
    if (bearer.empty()) continue;
    const std::string library = library_of(registry, bearer);
    std::string& list = shared[library];
    if (!list.empty()) list += ", ";
    if (told.insert(library).second) list += std::string("the ") + to_string(subject.kind) + " ";
    list += "'" + name + "'";
  }
}

}  // namespace

std::vector<std::string> taken_names(PluginUnderTest& plugin, const fs::path& folder) {
  const Registry registry(other_libraries(plugin.file(), folder));
  Shared shared;
  for (const Subject& subject : plugin.subjects()) add_names(plugin, subject, registry, shared);
  std::vector<std::string> sentences;
  for (const auto& [library, names] : shared)
    sentences.push_back(plugin.file().string() + " and " + library + " both have " + names +
                        ": where `plugins` in config.yaml names both, the first is loaded and the second is refused "
                        "whole. Choose other names, unless this one is to take the other's place");
  return sentences;
}

}  // namespace alice::check
