#pragma once
// Products of one row of a batch in 8 bits: the row's activations are rounded on the fly, oneDNN multiplies and sums
// the integers, and own kernels make numbers of the sums.
//
// Whether a row is computed so depends on that row alone: no state, no calibration run, so a request gives the same
// bytes whatever came before it. A row that would lose more than kMostRounding (a few numbers tower over all others, or
// one is not finite) is left to the caller, who multiplies it in the backend's dtype with the same rounded weights.

#include "plugins/backends/onednn/row_products.h"

namespace alice::onednn {

/// Tokens in bytes: a token is 0 at byte kZero and reaches 1 or 255 where it is largest.
struct RoundedTokens {
  static constexpr int kZero = 128, kMost = 127;
  Tensor bytes;   // [tokens, in]
  Tensor scales;  // float32 [tokens]
};

/// By all threads; or, called in a task of each_task(), by its own.
class ByteProducts {
 public:
  /// All stay the caller's and must outlive this.
  ByteProducts(at::ScalarType dtype, const Int8Kernels& kernels, const PrimitiveCache& cache)
      : element_(static_cast<int64_t>(c10::elementSize(dtype))), kernels_(kernels), cache_(cache) {}

  // Weights have a rounding(). Nothing, or false, where a row is not for 8 bits; the result's memory is then undefined.

  /// What is done to some tokens before they are rounded.
  using Before = std::function<void(const char* from, int64_t tokens, char* to)>;
  /// source [tokens, width]; a scale a token. `before` may be empty. Few tokens are left to the caller: there the
  /// weights' memory is what takes time.
  std::optional<RoundedTokens> rounded(const char* source, int64_t tokens, int64_t width, const Before& before) const;
  /// source [tokens, in] -> result [tokens, out], or [tokens, out / 2] for geglu. The row's own source is not read.
  bool multiply(const RoundedTokens& source, const RowMemory& row, const PackedWeight& weight,
                Activation activation) const;
  /// source [H, W, in] -> result [H', W', out]. The map has one scale and one zero: what follows a SiLU is hardly ever
  /// negative, and a zero amid the bytes would waste half of them. norm: null, or what is done to the map before, with
  /// its extremes.
  bool convolve(const RowMemory& row, BandedConvolution bands, const PackedWeight& weight, Activation activation,
                const MapNorm* norm) const;
  /// source [H, W, in] -> result [2 H, 2 W, out], as FusedProducts::upsample_conv2d().
  bool upsample(const RowMemory& row, int64_t height, int64_t width, const UpsamplingWeight& weight) const;

  /// To be asked for the extremes of norms.
  const Int8Kernels& kernels() const { return kernels_; }

 private:
  Spread spread_of(const char* source, int64_t count) const;

  int64_t element_;
  const Int8Kernels& kernels_;
  const PrimitiveCache& cache_;
};

}  // namespace alice::onednn
