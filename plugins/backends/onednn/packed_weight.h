#pragma once
// A weight in the layouts that oneDNN's primitives ask for.

#include <dnnl.hpp>
#include <mutex>

#include "core/api/backend.h"
#include "plugins/backends/onednn/weight_rounding.h"

namespace alice::onednn {

const dnnl::engine& engine();
dnnl::memory::data_type data_type(at::ScalarType type);  // float32, bfloat16 and int8 alone

/// Holds the plain weight until a primitive asks for its own layout, then that layout alone. A convolution of maps of
/// another size may want another one: the last two stay, so that two sizes in turn are not packed again each time. Any
/// thread.
///
/// A weight that was rounded to 8 bits is the same whether a primitive reads integers or numbers: each form is made
/// from the other without loss, so what a primitive computes does not depend on those before it.
class PackedWeight final : public PreparedWeight {
 public:
  /// weight [out, in, ...] and bias [out] or undefined, plain, this object's own. A product of tokens reads the weight
  /// as [in, out]; a convolution as it is.
  PackedWeight(Tensor weight, Tensor bias, bool is_product);
  /// The same of a weight in 8 bits; bias in dtype().
  PackedWeight(RoundedWeight weight, Tensor bias, bool is_product, at::ScalarType dtype);

  /// In dtype(), also of a rounded weight.
  Tensor weight() const override;

  bool is_product() const { return is_product_; }
  int64_t inputs() const { return shape_[1]; }
  int64_t outputs() const { return shape_[0]; }
  const std::vector<int64_t>& shape() const { return shape_; }  // [out, in, ...]
  at::ScalarType dtype() const { return dtype_; }
  /// float32 [out]; undefined when there is none.
  const Tensor& bias_float() const { return bias_float_; }
  /// Absent where the weight is not of 8 bits.
  const std::optional<WeightRounding>& rounding() const { return rounding_; }

  /// The weight in the layout `wanted`, whose memory the result keeps alive. Integers only where there is a rounding().
  struct Packed {
    dnnl::memory memory;
    Tensor bytes;
  };
  Packed in_layout(const dnnl::memory::desc& wanted) const;

 private:
  PackedWeight(Tensor weight, Tensor bias, bool is_product, at::ScalarType dtype,
               std::optional<WeightRounding> rounding);
  dnnl::memory::desc plain_layout(at::ScalarType type) const;
  /// `form` as a plain tensor of its own type.
  Tensor plain(const Packed& form) const;
  /// A plain tensor of `type`, from whichever form there is.
  Tensor plain(at::ScalarType type) const;
  Packed made(const dnnl::memory::desc& wanted) const;

  bool is_product_;
  std::vector<int64_t> shape_;
  at::ScalarType dtype_;
  Tensor bias_float_;
  std::optional<WeightRounding> rounding_;
  mutable std::mutex mutex_;
  mutable std::vector<Packed> forms_;  // the last used first; never empty
};

}  // namespace alice::onednn
