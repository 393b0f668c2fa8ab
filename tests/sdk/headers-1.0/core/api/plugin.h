#pragma once
// The door of a plugin: one exported symbol, plain data, whose *name* carries the whole ABI. The host reads a library's
// symbol table before it loads anything, and refuses a library whose name differs with a sentence that names both
// sides.
//
//   ALICE_PLUGIN("my-schedulers", "1.0.0", [](alice::Enrolment& enrol) {
//     enrol.add(std::make_unique<MySchedulerFactory>());
//   })

#include <torch/csrc/api/include/torch/version.h>

#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include "core/api/factory.h"

#define ALICE_SDK_MAJOR 1
#define ALICE_SDK_MINOR 0

#if _GLIBCXX_USE_CXX11_ABI
#define ALICE_CXX_ABI cxx11
#else
#define ALICE_CXX_ABI cxx03
#endif

#define ALICE_JOIN_(major, torch_major, torch_minor, abi) \
  alice_plugin_##major##_torch##torch_major##_##torch_minor##_##abi
#define ALICE_JOIN(major, torch_major, torch_minor, abi) ALICE_JOIN_(major, torch_major, torch_minor, abi)
/// alice_plugin_1_torch1_13_cxx11
#define ALICE_ENTRY_SYMBOL ALICE_JOIN(ALICE_SDK_MAJOR, TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, ALICE_CXX_ABI)

namespace alice {

/// Where a plugin hands its factories in; valid during the call only, on its thread.
class Enrolment {
 public:
  /// Takes a factory over. Its kind is F::kKind, which it has from its interface. Throws Error(unsupported) when it is
  /// null, of a kind that this host does not know, or when another factory of its kind bears one of its names: let that
  /// pass, and the plugin is refused as a whole.
  template <class F>
  void add(std::unique_ptr<F> factory) {
    static_assert(std::is_base_of_v<Factory, F>, "F must derive from the factory of its kind");
    add_of_kind(F::kKind, std::move(factory));
  }
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;

 protected:
  ~Enrolment() = default;

 private:
  /// `factory` derives from the interface that has this kKind.
  virtual void add_of_kind(const char* kind, std::unique_ptr<Factory> factory) = 0;
};

/// Plain data; fields are only ever added at the end, and `size` tells which are there.
struct PluginEntry {
  uint32_t size;
  uint32_t sdk_minor;  ///< of the SDK that it was built with: the host's must be at least that
  const char* id;
  const char* version;
  void (*enrol)(Enrolment&);  ///< called once, at load, on one thread. What it throws refuses the plugin
};

}  // namespace alice

/// The entry: once in a library, outside of any namespace. `plugin_id` and `plugin_version` are string literals;
/// enrol_function is a function or a lambda without captures, as PluginEntry::enrol.
#define ALICE_PLUGIN(plugin_id, plugin_version, enrol_function)                                              \
  extern "C" __attribute__((visibility("default"))) const ::alice::PluginEntry ALICE_ENTRY_SYMBOL;           \
  extern "C" const ::alice::PluginEntry ALICE_ENTRY_SYMBOL = {sizeof(::alice::PluginEntry), ALICE_SDK_MINOR, \
                                                              plugin_id, plugin_version, enrol_function};
