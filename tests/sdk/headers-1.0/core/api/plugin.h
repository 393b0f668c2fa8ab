#pragma once
// The door of a plugin: one exported symbol, plain data, whose *name* carries the whole ABI. The host reads a library's
// symbol table before it loads anything, and refuses a library whose name differs with a sentence that names both
// sides.
//
//   ALICE_PLUGIN("my-schedulers", "1.0.0", [](alice::Enrolment& enrol) {
//     enrol.scheduler(std::make_unique<MySchedulerFactory>());
//   })

#include <torch/csrc/api/include/torch/version.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/api/backend.h"
#include "core/api/lora.h"
#include "core/api/scheduler.h"
#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"
#include "core/base/options.h"

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

/// A name that people use, with the options that it stands for: "dpmpp_2m_karras" is a sampler with
/// {"use_karras_sigmas": true}.
struct Alias {
  std::string name;
  Json options = Json::object();
};

/// What a factory says of itself.
struct FactoryInfo {
  std::string id;    ///< unique within its kind: "euler"
  std::string help;  ///< one sentence
  std::vector<Alias> aliases;
  std::vector<std::string>
      classes;  ///< class names in models' own files (_class_name, architectures) that mean this one
  std::vector<OptionSpec> options;  ///< what create() understands
  /// Class names that nobody implements and that this one stands in for, with a warning, each with the options that
  /// bring it nearest.
  std::vector<Alias> kin = {};
  /// What people must know who ask for it where the model's own files do not name it; "" when there is nothing.
  std::string caution = "";
};

/// Options as the host hands them over: layered, each layer over the one before.
struct OptionLayer {
  Json values;  ///< an object, or null
  UnknownKeys unknown = UnknownKeys::fault;
  PlaceOf place;  ///< where each stands
};
using OptionLayers = std::vector<OptionLayer>;

/// Reads layers over the defaults of T; throws one Error(code) with all faults. Any thread.
template <class T>
T read_options(const OptionTable<T>& table, const OptionLayers& layers, ErrorCode code) {
  Faults faults;
  T result{};
  for (const OptionLayer& layer : layers) table.read_into(result, layer.values, layer.unknown, layer.place, faults);
  faults.throw_if_any(code);
  return result;
}

/// For a factory without options: one that is given is a fault. Throws Error(code).
inline void refuse_options(const OptionLayers& layers, ErrorCode code) {
  struct None {};
  read_options(OptionTable<None>(), layers, code);
}

/// Factories live as long as the process and may be used from any thread, several at once. What create() makes is
/// shared by those who asked for it, may be used from any thread and ends with the last of them, on whichever thread
/// that is. An exception other than Error is reported as a fault of the plugin.
class Factory {
 public:
  virtual ~Factory();
  /// The same object at every call, valid as long as the factory. Never throws.
  virtual const FactoryInfo& info() const = 0;
};

class BackendFactory : public Factory {
 public:
  /// Throws Error(bad_config) for options, Error(unsupported) when the device is not there.
  virtual std::shared_ptr<const Backend> create(const OptionLayers& options) const = 0;
};

class SchedulerFactory : public Factory {
 public:
  /// Throws Error(bad_config) naming the option's place. Cheap: it is called for every request.
  virtual std::shared_ptr<const Scheduler> create(const OptionLayers& options) const = 0;
};

/// A factory of a model part.
template <class Part>
class ModelFactory : public Factory {
 public:
  /// From names, shapes and config.json alone (files.weights->index(), files.config): is this mine, and is it complete?
  /// Empty when the files are of another architecture. A file that is mine and damaged is a Recognition with faults.
  /// Reads no tensor data, so it is fast for any size. Throws Error(bad_weights) for a config.json with wrong types or
  /// ranges. Never throws for files that are another's.
  virtual std::optional<Recognition> recognise(const ModelFiles& files) const = 0;
  /// Loads. `recognition` is what recognise() gave for these files, without faults. The part keeps `files.weights` and
  /// the backend alive as long as it needs them; `files` and `recognition` are the caller's. Throws Error(bad_weights),
  /// Error(bad_config) for options, Error(out_of_memory).
  virtual std::shared_ptr<const Part> create(const ModelFiles& files, const Recognition& recognition,
                                             std::shared_ptr<const Backend> backend,
                                             const OptionLayers& options) const = 0;
};
/// What a factory of a model part may be besides (inherit from both), when its parts read files that lie beside the
/// weights: so that they can be tried without loading a part.
class AssetReader {
 public:
  virtual ~AssetReader();
  /// Reads of files.assets what create() would read, and throws what that would: Error(bad_weights) naming the file.
  virtual void read_assets(const ModelFiles& files, const Recognition& recognition) const = 0;
};
using TextEncoderFactory = ModelFactory<TextEncoder>;
using UNetFactory = ModelFactory<UNet>;
using VaeFactory = ModelFactory<Vae>;

class LoraFormatFactory : public Factory {
 public:
  /// Throws Error(bad_config) for options. Cheap: it is called for every file.
  virtual std::shared_ptr<const LoraFormat> create(const OptionLayers& options) const = 0;
};

/// Where a plugin hands its factories in; valid during the call only, on its thread. Each function takes the factory
/// over, and throws Error(unsupported) when it is null or another factory of its kind bears one of its names: let that
/// pass, and the plugin is refused as a whole.
class Enrolment {
 public:
  virtual void backend(std::unique_ptr<BackendFactory> factory) = 0;
  virtual void scheduler(std::unique_ptr<SchedulerFactory> factory) = 0;
  virtual void text_encoder(std::unique_ptr<TextEncoderFactory> factory) = 0;
  virtual void unet(std::unique_ptr<UNetFactory> factory) = 0;
  virtual void vae(std::unique_ptr<VaeFactory> factory) = 0;
  virtual void lora_format(std::unique_ptr<LoraFormatFactory> factory) = 0;

 protected:
  ~Enrolment() = default;
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
