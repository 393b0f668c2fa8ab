#pragma once
// What the loaded plugins offer: every factory by kind and id, and where it came from.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/plugin.h"
#include "core/base/host_config.h"

namespace alice {

/// One library that was named: loaded, or refused with a reason.
struct PluginRecord {
  std::filesystem::path file;
  std::string id, version;             ///< "" when it was refused before they could be read
  std::string refused;                 ///< the sentence; "" when it is loaded
  std::vector<std::string> factories;  ///< "scheduler euler", in the order of enrolment
};

/// The factories of one kind. Immutable once the registry is built.
template <class F>
class FactoryList {
 public:
  explicit FactoryList(std::string kind) : kind_(std::move(kind)) {}

  const std::string& kind() const { return kind_; }  ///< "scheduler", "text encoder", ... for messages
  const std::vector<std::unique_ptr<F>>& all() const { return all_; }
  /// What a name means: an id, or an alias with its options (letter case ignored). Null when nobody bears it.
  struct Named {
    const F* factory = nullptr;
    Json options = Json::object();
  };
  Named find(const std::string& name) const;
  /// The same; throws Error(code) at `place` with "did you mean".
  Named get(const std::string& name, const std::string& place, ErrorCode code) const;
  /// By a class name of models' files; null when nobody implements it.
  const F* find_class(const std::string& class_name) const;
  std::vector<std::string> names() const;  ///< ids and aliases

  void add(std::unique_ptr<F> factory) { all_.push_back(std::move(factory)); }

 private:
  std::string kind_;
  std::vector<std::unique_ptr<F>> all_;
};

/// Built once at start, then const: any thread.
class Registry {
 public:
  /// Loads every library of `plugins` (a folder stands for its *.so files, by name). A library that is refused, enrols
  /// a name that is taken, or throws leaves no factory behind, is recorded with the reason, and the rest works.
  /// `before_load` is called with each library before any of its code runs.
  explicit Registry(const std::vector<PlacedPath>& plugins,
                    const std::function<void(const std::filesystem::path&)>& before_load = nullptr);

  const std::vector<PluginRecord>& plugins() const { return plugins_; }
  const FactoryList<BackendFactory>& backends() const { return backends_; }
  const FactoryList<SchedulerFactory>& schedulers() const { return schedulers_; }
  const FactoryList<TextEncoderFactory>& text_encoders() const { return text_encoders_; }
  const FactoryList<UNetFactory>& unets() const { return unets_; }
  const FactoryList<VaeFactory>& vaes() const { return vaes_; }
  const FactoryList<LoraFormatFactory>& lora_formats() const { return lora_formats_; }

  /// Every library, its version and state; every factory with help, aliases, classes and options.
  Json describe() const;

 private:
  class Enroller;
  void load(const std::filesystem::path& file);

  std::vector<PluginRecord> plugins_;
  FactoryList<BackendFactory> backends_{"backend"};
  FactoryList<SchedulerFactory> schedulers_{"scheduler"};
  FactoryList<TextEncoderFactory> text_encoders_{"text encoder"};
  FactoryList<UNetFactory> unets_{"UNet"};
  FactoryList<VaeFactory> vaes_{"VAE"};
  FactoryList<LoraFormatFactory> lora_formats_{"LoRA format"};
};

}  // namespace alice
