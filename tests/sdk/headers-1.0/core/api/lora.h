#pragma once
// A LoRA format: turns a file into changes of weights.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/api/factory.h"
#include "core/api/weights.h"

namespace alice {

/// A parameter of a model that a LoRA may change: weights, biases and norms, of the UNet and the text encoders.
struct LoraTarget {
  std::string part;       ///< its role: "unet", "text_encoder", "text_encoder_2"
  std::string parameter;  ///< canonical: "down_blocks.0.attentions.0.proj_in.weight"
  std::string alias;      ///< its name in the original (LDM) layout; "" when there is none
  std::vector<int64_t> shape;
};

/// A change of one parameter, as tensors of a file. What they are is between read() and change() of the format.
/// LoraFormat::change() itself knows factors, "up" and "down": strength * scale * product.
/// Linear: up [out, r] x down [r, in]. Convolution: up [out, r, 1, 1] applied after down [r, in, kh, kw], and between
/// them "mid" [r, r, kh, kw], where there is one (Tucker form).
struct LoraPatch {
  size_t target = 0;                           ///< which of the targets that read() was given
  std::map<std::string, std::string> tensors;  ///< what a tensor is to the method -> its name in the file
  double scale = 1;                            ///< alpha / rank
};

/// What a word of a prompt means to one text encoder: a textual inversion (Gal et al. 2022, arXiv 2208.01618).
struct LoraWord {
  std::string name;    ///< as the file calls it; "" where the name of the file is the word
  std::string part;    ///< the text encoder's role; "": the only one of the model
  std::string tensor;  ///< in the file: [D], or [n, D] for n tokens in a row
};

/// What a format says of a file, from its header and small tensors.
struct LoraRecognition {
  std::string description;  ///< for people: "kohya, rank 8, 192 modules of the UNet, 72 of the text encoder"
  std::vector<LoraPatch> patches;
  std::vector<Fault> faults;  ///< shapes that do not fit, halves without the other, methods that are not built
  /// Tensors that are not used: of modules that the model does not have, or of names that mean nothing here.
  std::vector<Fault> warnings;
};

/// Const and stateless: one object serves every file, from any thread. Nothing of an argument is kept.
class LoraFormat {
 public:
  virtual ~LoraFormat();
  /// Is the file of this format at all? Judged by tensor names, never by the file's name. Cheap; reads the index only.
  /// Never throws: a file that is damaged in its own format is recognised, and read() tells what is wrong.
  virtual bool recognises(const TensorIndex& index) const = 0;
  /// Matches the file's tensors with the model's targets, each of which at most one patch changes. Everything that does
  /// not fit, by names and shapes, is a fault or a warning of the result, not an exception: after this nothing but the
  /// numbers may be wrong. May read small tensors (alphas). Throws Error(bad_weights) only where the file cannot be
  /// read.
  virtual LoraRecognition read(const WeightSource& file, const std::vector<LoraTarget>& targets) const = 0;
  /// The change that a patch makes to its parameter at strength 1, patch.scale included: float32 on the CPU, of
  /// `weight`'s shape. `weight` is the model's own, without any change, as Delta::Make gets it. Called when the
  /// parameter is prepared, one at a time, and whenever it is prepared again: the same each time. The result is the
  /// caller's, and lives no longer than that takes. The host multiplies by the strength and adds up. The default
  /// multiplies the factors as LoraPatch says. Throws Error(bad_weights) when they do not fit or the result is not
  /// finite.
  virtual Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const;
  /// The words that the file teaches text encoders, from names and shapes alone; those of one name belong together. A
  /// file may have words, changes of weights, or both. The default knows none. Never throws but for want of memory.
  virtual std::vector<LoraWord> words(const TensorIndex& index) const;
  /// See Backend::extension.
  virtual const void* extension(const char* name) const;
};

class LoraFormatFactory : public Factory {
 public:
  static constexpr const char* kKind = "lora_format";

  /// Throws Error(bad_config) for options. Cheap: it is called for every file.
  virtual std::shared_ptr<const LoraFormat> create(const OptionLayers& options) const = 0;
};

}  // namespace alice
