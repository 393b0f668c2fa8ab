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

/// By library: "the scheduler 'a', 'b', the backend 'c'".
using Shared = std::map<std::string, std::string>;

void add_names(PluginUnderTest& plugin, const Subject& subject, const Registry& registry, Shared& shared) {
  const FactoryInfo& info = plugin.factory(subject).info();
  std::vector<std::string> names = {info.id};
  for (const Alias& alias : info.aliases) names.push_back(alias.name);
  std::set<std::string> told;  // libraries that this factory was named for
  for (const std::string& name : names) {
    const Factory* const bearer = registry.of(plugin_kind(subject.kind)).find(name).factory;
    if (bearer == nullptr) continue;
    const std::string library = registry.plugin_of(*bearer).file.string();
    std::string& list = shared[library];
    if (!list.empty()) list += ", ";
    if (told.insert(library).second) list += "the " + subject.kind + " ";
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
