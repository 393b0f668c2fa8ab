#pragma once
// What makes the objects of a plugin: a factory says what it is called and which options it takes. Each kind of plugin
// has a factory of its own, beside the interface that it makes: SchedulerFactory, UNetFactory, ...

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/options.h"

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
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};

}  // namespace alice
