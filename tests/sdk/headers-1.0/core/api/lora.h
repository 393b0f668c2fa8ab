#pragma once
// A LoRA format: turns a file into changes of weights.

#include <memory>
#include <string>
#include <vector>

#include "core/api/factory.h"
#include "core/api/weights.h"

namespace alice {

/// A module of a model that a LoRA may change.
struct LoraTarget {
  std::string part;            ///< "unet", "text_encoder", "text_encoder_2"
  std::string module;          ///< canonical, without ".weight": "down_blocks.0.attentions.0.proj_in"
  std::string alias;           ///< its name in the original (LDM) layout without ".weight"; "" when there is none
  std::vector<int64_t> shape;  ///< of its weight
};

/// A change to one weight in factors: strength * scale * product.
/// Linear: up [out, r] x down [r, in]. Convolution: up [out, r, 1, 1] applied after down [r, in, kh, kw].
struct LoraPatch {
  std::string part, module;  ///< of a LoraTarget
  std::string up, down;      ///< tensor names in the file
  std::string mid;           ///< [r, r, kh, kw] between them (Tucker form); "" when there is none
  double scale = 1;          ///< alpha / rank
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
  /// Matches the file's tensors with the model's targets. Everything that does not fit is a fault or a warning of the
  /// result, not an exception; each patch names a target. May read small tensors (alphas). Throws Error(bad_weights)
  /// only where the file cannot be read.
  virtual LoraRecognition read(const WeightSource& file, const std::vector<LoraTarget>& targets) const = 0;
  /// The change that a patch makes to its weight at strength 1: float32 on the CPU, of `shape`, patch.scale included.
  /// The default multiplies the factors as LoraPatch says. The result is the caller's. Throws Error(bad_weights) when
  /// they do not fit or the result is not finite.
  virtual Tensor delta(const WeightSource& file, const LoraPatch& patch, const std::vector<int64_t>& shape) const;
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
