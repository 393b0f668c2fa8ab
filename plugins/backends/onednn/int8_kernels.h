#pragma once
// What stands around a product of bytes: activations become bytes before it, and its sums become numbers after it. One
// body (int8_bodies.h), compiled once for each type of element.
//
// As for the FusedKernels: `void` is an array of the elements that the object was made for, memory is dense, arithmetic
// is in float32, any alignment, many threads at once on different outputs, and a number's result never depends on how
// the caller cuts the work.

#include <cstdint>

namespace alice::onednn {

/// Of some elements: their extremes, 0 among them, and the sum of their squares. When an element is not finite,
/// `squares` is not either.
struct Spread {
  float lowest = 0, highest = 0, squares = 0;
};

/// What follows a product. `gate` halves the channels: the first half times gelu of the second.
enum class Curve { none, silu, gelu, quick_gelu, relu, gate };

/// How sums become numbers: curve((sum - shift) channel_scale token_scale + bias).
struct SumScales {
  const int32_t* shifts;        // [channels]
  const float* channel_scales;  // [channels]
  const float* bias;            // [channels], or null for none
  const float* token_scales;    // of a token: token_scales[token token_step]
  int64_t token_step;           // 1; or 0 where all tokens have the same
};

class Int8Kernels {
 public:
  virtual Spread spread(const void* x, int64_t count) const = 0;
  /// For each channel the extremes of some pixels, one or more. What they are where a number is NaN is open.
  virtual void channel_extremes(const void* x, int64_t pixels, int64_t channels, float* lowest,
                                float* highest) const = 0;
  /// y = x factor + zero, rounded to the nearest integer (ties to even), held within 0 and 255.
  virtual void to_bytes(const void* x, uint8_t* y, int64_t count, float factor, int zero) const = 0;
  /// The same of x scale + shift by channel, with SiLU after it if `silu`. The sum of the squares of these numbers, not
  /// finite where one of them is not.
  virtual float norm_to_bytes(const void* x, uint8_t* y, int64_t pixels, int64_t channels, const float* scale,
                              const float* shift, bool silu, float factor, int zero) const = 0;
  /// sums [tokens, channels] -> y [tokens, channels], halved by Curve::gate. residual: null, or of y's shape and added
  /// to it at the end.
  virtual void from_sums(const int32_t* sums, int64_t tokens, int64_t channels, const SumScales& scales, Curve curve,
                         const void* residual, void* y) const = 0;

 protected:
  ~Int8Kernels() = default;
};

// For processors with AVX-512; the products that they serve need AVX512-VNNI, which multiplies bytes without overflow
// in between.
const Int8Kernels& avx512_float32_int8_kernels();
const Int8Kernels& avx512_bfloat16_int8_kernels();

}  // namespace alice::onednn
