#pragma once
// LoRAs: which there are, and what a set of them makes of a model.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/lora.h"
#include "core/host/model.h"
#include "core/host/registry.h"

namespace alice {

/// Where a configuration's LoRAs lie: those of the models folder, then those that come with ALICE.
std::vector<std::filesystem::path> lora_folders(const HostConfig& config);

/// The LoRA files of some folders ("<models>/loras") and their names: see list_loras() and lora_called(). Of two that
/// bear one name the earlier folder's counts.
class LoraLibrary {
 public:
  explicit LoraLibrary(std::vector<std::filesystem::path> folders);
  /// What is there now, by name.
  std::map<std::string, std::filesystem::path> all() const;
  /// Its names, sorted.
  std::vector<std::string> names() const;
  /// By a name, or a path to a file of tensors when `paths_allowed`. Throws as lora_called() does. A name cannot lead
  /// out of the folders.
  std::filesystem::path find(const std::string& name, bool paths_allowed, const std::string& place) const;

 private:
  std::vector<std::filesystem::path> folders_;
};

/// A LoRA to be applied.
struct LoraFile {
  std::string name;  ///< for messages
  std::filesystem::path path;
  double unet_strength = 1, text_encoder_strength = 1;
};

/// A model whose UNet and text encoder have a set of LoRAs added: new models that share every weight no LoRA
/// touches. The given model is untouched. Several LoRAs add up; their order does not matter beyond rounding. What is
/// not used of a file is told in the result's warnings. Throws Error(bad_weights) with everything that does not fit and
/// for a file of which nothing does, and Error(unsupported) when no format knows a file.
std::shared_ptr<const Model> apply_loras(const Registry& registry, const Model& model,
                                            const std::vector<LoraFile>& files);

/// The modules of a composed model that a LoRA may change.
std::vector<LoraTarget> lora_targets(const Model& model);

}  // namespace alice
