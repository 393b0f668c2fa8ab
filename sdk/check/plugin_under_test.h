#pragma once
// The library that is checked: loaded and enrolled in this process, its factories by kind and id.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/plugin.h"

namespace alice::check {

/// What a subject of a check is; `entry` is the library itself.
enum class Kind { entry, backend, scheduler, text_encoder, unet, vae, lora_format };
/// As in the names of checks: "entry", "scheduler", "text_encoder", ...
const char* to_string(Kind kind);

/// A factory of the plugin; its id is "" for the library itself.
struct Subject {
  Kind kind = Kind::entry;
  std::string id;
};

/// What the author says besides the library's name.
struct CheckSettings {
  std::string config_folder;             ///< of a model plugin's settings; "" for the known ones
  std::string lora_names;                ///< a file that says how a LoRA format names its tensors; "" for the known
  std::map<std::string, double> orders;  ///< least order of convergence, by scheduler
};

/// Not thread-safe.
class PluginUnderTest {
 public:
  explicit PluginUnderTest(std::filesystem::path file) : file_(std::move(file)) {}

  const std::filesystem::path& file() const { return file_; }
  /// Loads the library, once. Throws as load_plugin().
  const PluginEntry& entry();
  /// Loads it and enrols its factories, once. Throws what enrol() throws.
  const std::vector<Subject>& subjects();

  /// A factory by its id; enrols first. Throws Error(not_found).
  const BackendFactory& backend(const std::string& id);
  const SchedulerFactory& scheduler(const std::string& id);
  const TextEncoderFactory& text_encoder(const std::string& id);
  const UNetFactory& unet(const std::string& id);
  const VaeFactory& vae(const std::string& id);
  const LoraFormatFactory& lora_format(const std::string& id);
  const Factory& factory(const Subject& subject);

 private:
  class Collector;
  template <class F>
  const F& find(const std::vector<std::unique_ptr<F>>& factories, const std::string& id);

  std::filesystem::path file_;
  const PluginEntry* entry_ = nullptr;
  bool enrolled_ = false;
  std::vector<Subject> subjects_;
  std::vector<std::unique_ptr<BackendFactory>> backends_;
  std::vector<std::unique_ptr<SchedulerFactory>> schedulers_;
  std::vector<std::unique_ptr<TextEncoderFactory>> text_encoders_;
  std::vector<std::unique_ptr<UNetFactory>> unets_;
  std::vector<std::unique_ptr<VaeFactory>> vaes_;
  std::vector<std::unique_ptr<LoraFormatFactory>> lora_formats_;
};

}  // namespace alice::check
