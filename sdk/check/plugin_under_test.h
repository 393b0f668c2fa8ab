#pragma once
// The library that is checked: loaded and enrolled in this process, its factories by kind and id.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/plugin.h"

namespace alice::check {

/// The library itself among the kinds of subjects; the others are those of plugins ("scheduler", "text_encoder", ...).
inline constexpr const char* kEntry = "entry";

/// A factory of the plugin; its id is "" for the library itself.
struct Subject {
  std::string kind = kEntry;
  std::string id;
};

/// What the author says besides the library's name.
struct CheckSettings {
  std::string config_folder;             ///< of a model plugin's settings, a family's model; "" for the known ones
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

  /// A factory of F's kind by its id; enrols first. Throws Error(not_found).
  template <class F>
  const F& factory(const std::string& id) {
    return static_cast<const F&>(factory(Subject{F::kKind, id}));
  }
  const Factory& factory(const Subject& subject);

 private:
  class Collector;

  std::filesystem::path file_;
  const PluginEntry* entry_ = nullptr;
  bool enrolled_ = false;
  std::vector<Subject> subjects_;
  std::vector<std::unique_ptr<Factory>> factories_;  // of subjects_, in the same order
};

}  // namespace alice::check
