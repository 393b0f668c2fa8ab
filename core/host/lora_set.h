#pragma once
// LoRAs: which there are, and what a set of them makes of a model.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/lora.h"
#include "core/base/generate_request.h"
#include "core/host/model.h"
#include "core/host/registry.h"

namespace alice {

/// Where a configuration's LoRAs lie: those of the models folder, then those that come with ALICE.
std::vector<std::filesystem::path> lora_folders(const HostConfig& config);

/// A LoRA to be applied.
struct LoraFile {
  std::string name;  ///< for messages
  std::filesystem::path path;
  double unet_strength = 1, text_encoder_strength = 1;
};

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
  /// What a request asks for, found. Throws as find().
  std::vector<LoraFile> files_of(const std::vector<LoraUse>& loras, bool paths_allowed) const;

 private:
  std::vector<std::filesystem::path> folders_;
};

/// A model whose UNet and text encoder have a set of LoRAs added: new models that share every weight no LoRA
/// touches. The given model is untouched. Several LoRAs add up; their order does not matter beyond rounding. What is
/// not used of a file is told in the result's warnings. A change is made where its weight is prepared: one at a time is
/// in memory, and the result keeps the files mapped. Throws Error(bad_weights) with everything that does not fit and
/// for a file of which nothing does, and Error(unsupported) when no format knows a file.
std::shared_ptr<const Model> apply_loras(const Registry& registry, const Model& model,
                                            const std::vector<LoraFile>& files);

/// What tells two sets apart: their files with sizes and times, and the strengths.
std::string key_of(const std::vector<LoraFile>& files);

/// The parameters of a composed model that a LoRA may change.
std::vector<LoraTarget> lora_targets(const Model& model);

/// How many numbers a set has prepared anew, and how many are in the largest weight that it changes.
struct LoraReach {
  int64_t changed = 0, largest = 0;
};
/// From names and shapes alone: `model` may be of these (core/host/model_sketch.h). Throws as apply_loras(), but for
/// numbers that are not finite.
LoraReach lora_reach(const Registry& registry, const Model& model, const std::vector<LoraFile>& files);

}  // namespace alice
