#pragma once
// What products of tokens and of maps in 8 bits have in common.

#include <cmath>

#include "plugins/backends/onednn/int8_kernels.h"
#include "plugins/backends/onednn/packed_weight.h"

namespace alice::onednn {

// The sums of a task, between the product and the pass that makes numbers of them: half of a core's second cache.
inline constexpr int64_t kSumBytes = int64_t{512} << 10;

/// Do steps of that size lose little of numbers whose squares come to that? Rounding to the nearest of steps is off by
/// a twelfth of a step's square in the mean.
inline bool is_little(double squared_steps, double squares) {
  return std::isfinite(squares) && squared_steps / 12 <= kMostRounding * kMostRounding * squares && squares > 0;
}

inline Curve curve_of(Activation activation) {
  switch (activation) {
    case Activation::none: return Curve::none;
    case Activation::silu: return Curve::silu;
    case Activation::gelu: return Curve::gelu;
    case Activation::quick_gelu: return Curve::quick_gelu;
    case Activation::relu: return Curve::relu;
    case Activation::geglu: return Curve::gate;
  }
  return Curve::none;
}

/// How the sums of a product with activations whose 0 is `zero` become numbers.
class SumsOf {
 public:
  SumsOf(const PackedWeight& weight, int zero) : weight_(weight), shifts_(weight.rounding()->sums * zero) {}
  /// Of tokens with these scales; a step of 0: all have the first. Valid as long as *this and they are.
  SumScales scales(const float* token_scales, int64_t step) const {
    return {shifts_.data_ptr<int32_t>(), weight_.rounding()->scales.data_ptr<float>(),
            weight_.bias_float().defined() ? weight_.bias_float().data_ptr<float>() : nullptr, token_scales, step};
  }

 private:
  const PackedWeight& weight_;
  Tensor shifts_;  // int32 [out]
};

}  // namespace alice::onednn
