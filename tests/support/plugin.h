#pragma once
// A plugin's factories, straight from its library: for tests of a plugin that need neither registry nor composer. The
// test's CMakeLists.txt names the library with add_dependencies(), so that it is built first.

#include <dlfcn.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/api/plugin.h"

namespace alice::test {

/// What one plugin library, or several, enrolled.
struct Plugin {
  std::string id, version;
  std::vector<std::pair<std::string, std::unique_ptr<Factory>>> factories;  ///< with their kinds

  /// Those of F's kind.
  template <class F>
  std::vector<const F*> all() const {
    std::vector<const F*> found;
    for (const auto& [kind, factory] : factories)
      if (kind == F::kKind) found.push_back(static_cast<const F*>(factory.get()));
    return found;
  }
  /// The one with this id. Throws std::runtime_error when there is none.
  template <class F>
  const F& factory(const std::string& id) const {
    for (const F* factory : all<F>())
      if (factory->info().id == id) return *factory;
    throw std::runtime_error("no " + std::string(F::kKind) + " '" + id + "'");
  }
};

namespace detail {

class Collector final : public Enrolment {
 public:
  explicit Collector(Plugin& plugin) : plugin_(plugin) {}

 private:
  void add_of_kind(const char* kind, std::unique_ptr<Factory> factory) override {
    plugin_.factories.emplace_back(kind, std::move(factory));
  }

  Plugin& plugin_;
};

}  // namespace detail

/// Adds what the library enrols to what `plugin` has.
inline void enrol(const PluginEntry& entry, Plugin& plugin) {
  detail::Collector collector(plugin);
  entry.enrol(collector);
}

#define ALICE_SYMBOL_TEXT_(symbol) #symbol
#define ALICE_SYMBOL_TEXT(symbol) ALICE_SYMBOL_TEXT_(symbol)

/// Loads build/plugins/<name>.so and runs its enrolment. The library stays loaded (plugins are linked with -z
/// nodelete). Throws std::runtime_error when there is no such library or it has no entry of this ABI.
inline Plugin load_plugin(const std::string& name) {
  const std::string file = ALICE_BUILD_DIR "/plugins/" + name + ".so";
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(file + ": " + dlerror());
  const auto* entry = static_cast<const PluginEntry*>(dlsym(library, ALICE_SYMBOL_TEXT(ALICE_ENTRY_SYMBOL)));
  if (entry == nullptr) throw std::runtime_error(file + ": " + dlerror());
  Plugin plugin;
  plugin.id = entry->id, plugin.version = entry->version;
  enrol(*entry, plugin);
  return plugin;
}

}  // namespace alice::test
