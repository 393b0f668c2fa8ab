#pragma once
// What the formats have in common. They differ in how they name modules; what stands under a module's name is the same
// in all of them (methods/).

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/api/lora.h"

namespace alice::low_rank {

constexpr const char* kUNet = "unet";
constexpr const char* kTextEncoder = "text_encoder";
constexpr const char* kTextEncoder2 = "text_encoder_2";

/// What the name of a tensor says.
struct FactorName {
  std::string part;    ///< of a LoraTarget; "" when the name does not say
  std::string module;  ///< as the file spells it: see TargetNames
  std::string role;    ///< of a method's tensor (methods/method.h), or "alpha"
  std::string unsupported;  ///< not empty: it belongs to this method, which is not built; the rest does not count then
};

/// alpha / rank of a module for which the file has no alpha tensor.
using DefaultScale = std::function<double(const FactorName& up, int64_t rank)>;

class LowRankFormat : public LoraFormat {
 public:
  /// A format recognises a file when any of its tensors bears a name of this format.
  bool recognises(const TensorIndex& index) const override;
  LoraRecognition read(const WeightSource& file, const std::vector<LoraTarget>& targets) const override;
  Tensor change(const WeightSource& file, const LoraPatch& patch, const Tensor& weight) const override;
  /// Whatever the names of modules are: see words.h.
  std::vector<LoraWord> words(const TensorIndex& index) const override;

 protected:
  virtual const char* id() const = 0;
  /// Could no other format have written this name?
  virtual bool is_typical(const std::string& tensor) const = 0;
  /// Empty when the name means nothing here.
  virtual std::optional<FactorName> parse(const std::string& tensor) const = 0;
  /// 1 for every module, unless a format knows more.
  virtual DefaultScale default_scale(const TensorIndex& index, Faults& faults) const;
};

/// Takes `start` off `text`; false when it is not there.
bool take_start(std::string_view& text, std::string_view start);
bool take_end(std::string_view& text, std::string_view end);
/// Takes "unet.", "text_encoder." or "text_encoder_2." off, or another name of a part, and returns the part; "" when
/// there is none.
std::string take_part(std::string_view& text);
/// The method that is not built and that a tensor belongs to whose name ends so behind its module ("a1.weight"), or "".
std::string unbuilt_method(std::string_view ending);

}  // namespace alice::low_rank
