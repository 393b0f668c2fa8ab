#pragma once
// A plugin's factories, straight from its library: for tests of a plugin that need neither registry nor composer. The
// test's CMakeLists.txt names the library with add_dependencies(), so that it is built first.

#include <dlfcn.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/api/plugin.h"

namespace alice::test {

/// What one plugin library enrolled.
struct Plugin {
  std::string id, version;
  std::vector<std::unique_ptr<BackendFactory>> backends;
  std::vector<std::unique_ptr<SchedulerFactory>> schedulers;
  std::vector<std::unique_ptr<TextEncoderFactory>> text_encoders;
  std::vector<std::unique_ptr<UNetFactory>> unets;
  std::vector<std::unique_ptr<VaeFactory>> vaes;
  std::vector<std::unique_ptr<LoraFormatFactory>> lora_formats;
};

namespace detail {

class Collector final : public Enrolment {
 public:
  explicit Collector(Plugin& plugin) : plugin_(plugin) {}
  void backend(std::unique_ptr<BackendFactory> factory) override { plugin_.backends.push_back(std::move(factory)); }
  void scheduler(std::unique_ptr<SchedulerFactory> factory) override {
    plugin_.schedulers.push_back(std::move(factory));
  }
  void text_encoder(std::unique_ptr<TextEncoderFactory> factory) override {
    plugin_.text_encoders.push_back(std::move(factory));
  }
  void unet(std::unique_ptr<UNetFactory> factory) override { plugin_.unets.push_back(std::move(factory)); }
  void vae(std::unique_ptr<VaeFactory> factory) override { plugin_.vaes.push_back(std::move(factory)); }
  void lora_format(std::unique_ptr<LoraFormatFactory> factory) override {
    plugin_.lora_formats.push_back(std::move(factory));
  }

 private:
  Plugin& plugin_;
};

}  // namespace detail

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
  detail::Collector collector(plugin);
  entry->enrol(collector);
  return plugin;
}

/// The factory with this id among `factories` (plugin.schedulers, ...). Throws std::runtime_error when there is none.
template <class FactoryPtr>
const auto& factory_by_id(const std::vector<FactoryPtr>& factories, const std::string& id) {
  for (const FactoryPtr& factory : factories)
    if (factory->info().id == id) return *factory;
  throw std::runtime_error("no factory '" + id + "'");
}

}  // namespace alice::test
