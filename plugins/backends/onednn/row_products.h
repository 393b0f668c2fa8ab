#pragma once
// Products of one row of a batch in the backend's dtype. All threads work on the row.

#include "plugins/backends/onednn/map_norm.h"
#include "plugins/backends/onednn/upsampling.h"

namespace alice::onednn {

/// A row's memory, dense, in the backend's dtype; maps lie channels-last.
struct RowMemory {
  const char* source;
  const char* residual;  // null, or of the result's shape
  char* result;
};

class RowProducts {
 public:
  /// `kernels`: null where the processor has none; then there is no gating and no norm. `cache` stays the caller's and
  /// must outlive this.
  RowProducts(at::ScalarType dtype, const FusedKernels* kernels, const PrimitiveCache& cache)
      : dtype_(dtype), element_(static_cast<int64_t>(c10::elementSize(dtype))), kernels_(kernels), cache_(cache) {}

  // Each false when oneDNN has nothing fast for it; the result's memory is then undefined.

  /// source [tokens, in] -> result [tokens, out], or [tokens, out / 2] for geglu, which takes no residual.
  bool multiply(const RowMemory& row, int64_t tokens, const PackedWeight& weight, Activation activation) const;
  /// source [H, W, in] -> result [H', W', out]. norm: null, or what is done to the map
  /// before.
  bool convolve(const RowMemory& row, const BandedConvolution& size, const PackedWeight& weight, Activation activation,
                const MapNorm* norm) const;
  /// source [H, W, in] -> result [2 H, 2 W, out], as FusedProducts::upsample_conv2d().
  bool upsample(const RowMemory& row, int64_t height, int64_t width, const UpsamplingWeight& weight) const;

 private:
  RowPrimitivePtr product(int64_t tokens, const PackedWeight& weight, Activation activation, bool has_residual) const;
  bool multiply_and_gate(const RowMemory& row, int64_t tokens, const PackedWeight& weight) const;
  bool convolve_at_once(const RowMemory& row, const BandedConvolution& size, const PackedWeight& weight,
                        Activation activation) const;
  bool convolve_in_bands(const RowMemory& row, BandedConvolution bands, const PackedWeight& weight,
                         Activation activation, const MapNorm& norm) const;

  at::ScalarType dtype_;
  int64_t element_;
  const FusedKernels* kernels_;
  const PrimitiveCache& cache_;
};

}  // namespace alice::onednn
