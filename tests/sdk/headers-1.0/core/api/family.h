#pragma once
// A family of models: which parts make one, where its files keep them, and what its network is told of a prompt. It
// loads nothing and runs no loop.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/text_encoder.h"
#include "core/api/unet.h"
#include "core/api/vae.h"

namespace alice {

/// A model as it lies on the disk. Only headers and JSON have been read. May grow at its end: the host alone makes it.
struct ModelContents {
  std::string place;  ///< the folder or file, for messages
  bool is_folder = false;
  std::string pipeline_class;  ///< model_index.json's _class_name; "" when it has none, and of a file
  /// The class name that model_index.json gives for each entry that is not null, "scheduler" and "tokenizer" among
  /// them. Of a file: empty.
  std::map<std::string, std::string> classes;
  Json index = Json::object();  ///< model_index.json, or the settings beside a file
  /// By role: "text_encoder", "text_encoder_2", "unet", "vae". Of a folder those that model_index.json names. Of a file
  /// all of them, each with the whole file's tensors and without a root: which are in it, its family says.
  std::map<std::string, ModelFiles> parts;
  std::shared_ptr<const WeightSource> whole;  ///< the tensors of a file; null of a folder
};

/// A part of a model of this family.
struct PartUse {
  std::string role;  ///< its name in folders, configuration, LoRAs and messages: "text_encoder_2"
  std::string kind;  ///< of plugins: "text_encoder", "unet", "vae"
  std::string root;  ///< single file: ModelFiles::root
  Json told;         ///< ModelFiles::told; null when there is nothing to tell
};

/// How one encoder reads a prompt in this family.
struct TextUse {
  std::string role;
  int64_t layers_back = 0;  ///< whose hidden states are taken: 0 the last layer's; a request's clip_skip goes on top
  bool final_norm = true;   ///< see TextEncoder::encode
};

/// What a family says of a model before anything is loaded.
struct FamilyRecognition {
  std::string description;      ///< for people: "SDXL"
  std::vector<PartUse> parts;   ///< one UNet, one VAE, one text encoder and more
  std::vector<TextUse> texts;   ///< in the order in which people are told of them
  /// Single file: what names begin with that belong to no part and are of no use for making pictures: "model_ema.".
  std::vector<std::string> passed_over;
  /// The noise schedule that such models were trained with, as a scheduler_config.json with "_class_name", under
  /// whatever the model's own files say. Without "prediction_type" where there are both, and the files must tell.
  Json schedule;
  /// What the reference's pipeline puts over any scheduler_config.json that says otherwise or nothing: an object, or
  /// null.
  Json schedule_corrections;
};

/// What the parts of a model say of themselves: by role where there may be several.
struct PartInfos {
  std::map<std::string, TextEncoderInfo> text_encoders;
  UNetInfo unet;
  VaeInfo vae;
};

/// What there is to tell a network of one prompt. The host alone makes it; it may grow at its end.
struct Told {
  std::map<std::string, TextEncoding> texts;  ///< by role, one row each
  bool is_negative = false;
  bool is_given = true;                ///< somebody said this prompt: an empty one is said, too
  int64_t width = 0, height = 0;       ///< pixels of the picture
  /// Of the picture that the network is to imagine: its size before it was cut, where it was cut, and what it was cut
  /// to. Pixels.
  int64_t original_width = 0, original_height = 0;
  int64_t crop_top = 0, crop_left = 0;
  int64_t target_width = 0, target_height = 0;
  std::optional<double> aesthetic_score;  ///< absent: what is usual in the family
};

/// Const and stateless; any thread.
class Family {
 public:
  static constexpr const char* kKind = "family";

  virtual ~Family();
  /// The conditioning of one prompt: "tokens" [1, T, D], and what else UNetInfo::further_conditioning names, a row
  /// each. Depends on `told` alone. Throws Error(bad_request).
  virtual Conditioning condition(const Told& told) const = 0;
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};

class FamilyFactory : public Factory {
 public:
  static constexpr const char* kKind = "family";

  /// From names, shapes and JSON alone: is it a model of this family? Empty for another's. `is_named`: the
  /// configuration says that it is, which counts where the files leave it open. Parts that are missing are named all the same: the
  /// configuration may bring them. Reads no tensor data. Throws Error(bad_weights) for settings of wrong types.
  virtual std::optional<FamilyRecognition> recognise(const ModelContents& model, bool is_named) const = 0;
  /// Joins parts that are loaded. `model` and `parts` are the caller's. Throws Error(bad_weights) when the parts do not
  /// belong together, with model.place.
  virtual std::shared_ptr<const Family> create(const ModelContents& model, const PartInfos& parts) const = 0;
};

}  // namespace alice
