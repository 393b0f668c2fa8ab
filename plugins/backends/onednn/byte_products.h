#pragma once
// Products of one row of a batch in 8 bits: the row's activations are rounded on the fly, oneDNN multiplies and sums
// the integers, and own kernels make numbers of the sums.
//
// Whether a row is computed so depends on that row alone: no state, no calibration run, so a request gives the same
// bytes whatever came before it. A row that would lose more than kMostRounding (a few numbers tower over all others, or
// one is not finite) is left to the caller, who multiplies it in the backend's dtype with the same rounded weights.

#include "plugins/backends/onednn/int8_kernels.h"
#include "plugins/backends/onednn/primitives.h"

namespace alice::onednn {

/// A row's memory, dense, in the backend's dtype; maps lie channels-last.
struct RowMemory {
  const char* source;
  const char* residual;  // null, or of the result's shape
  char* result;
};

class ByteProducts {
 public:
  /// Both stay the caller's and must outlive this.
  ByteProducts(const Int8Kernels& kernels, const PrimitiveCache& cache) : kernels_(kernels), cache_(cache) {}

  // Each false when the row is not for 8 bits; the result's memory is then undefined. `weight` has a rounding().

  /// source [tokens, in] -> result [tokens, out], or [tokens, out / 2] for geglu. Tokens have a scale each. Few tokens
  /// are left to the caller: there the weights' memory is what takes time.
  bool multiply(const RowMemory& row, int64_t tokens, const PackedWeight& weight, Activation activation) const;
  /// source [H, W, in] -> result [H', W', out]. The map has one scale and one zero: what follows a SiLU is hardly ever
  /// negative, and a zero amid the bytes would waste half of them.
  bool convolve(const RowMemory& row, int64_t height, int64_t width, const PackedWeight& weight,
                const Conv2dShape& shape, Activation activation) const;

 private:
  struct RoundedTokens;
  std::optional<RoundedTokens> rounded_tokens(const char* source, int64_t tokens, const PackedWeight& weight) const;
  Spread spread_of(const char* source, int64_t count, const PackedWeight& weight) const;

  const Int8Kernels& kernels_;
  const PrimitiveCache& cache_;
};

}  // namespace alice::onednn
