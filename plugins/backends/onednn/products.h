#pragma once
// Linear layers and convolutions by oneDNN. Each gives nothing for what it cannot take; the plain body can.

#include "core/api/fused_products.h"
#include "plugins/backends/onednn/byte_products.h"
#include "plugins/backends/onednn/norms.h"

namespace alice::onednn {

class Products {
 public:
  /// `kernels` null: without gating and norms. `int8_kernels` null: no weight is rounded to 8 bits.
  Products(at::ScalarType dtype, const FusedKernels* kernels, const Int8Kernels* int8_kernels)
      : dtype_(dtype), kernels_(kernels), row_products_(dtype, kernels, cache_) {
    if (int8_kernels) byte_products_.emplace(dtype, *int8_kernels, cache_);
  }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const;
  PreparedWeightPtr prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const;
  PreparedWeightPtr prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const;

  std::optional<Tensor> linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const;
  /// Nothing also where the norm would not be done in passing.
  std::optional<std::vector<Tensor>> norm_linear(const Tensor& x, const TokenNorm& norm,
                                                 const std::vector<LinearLayer>& layers) const;

  /// A norm before a convolution. added: float32 [B, C], added to the map before it; or undefined.
  struct NormBefore {
    NormParameters parameters;
    Tensor added;
  };
  /// The result lies channels-last, whatever x does. norm: null for none; else there are kernels.
  std::optional<Tensor> conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                               const Epilogue& epilogue, const NormBefore* norm) const;
  std::optional<Tensor> upsample_conv2d(const Tensor& x, const PreparedWeight& w) const;

 private:
  struct LinearCall {
    const PackedWeight& weight;
    Activation activation;
    Tensor residual, result;  // residual may be undefined
  };
  /// shape: null for a linear layer.
  std::shared_ptr<const PackedWeight> prepare(const Tensor& weight, const Tensor& bias, const Conv2dShape* shape) const;
  /// As inputs of a usual size want it, which is what others want too as a rule: so no step packs weights.
  void pack(const PackedWeight& weight, const Conv2dShape* shape) const;
  const PackedWeight* packed(const Tensor& x, const PreparedWeight& w) const;
  std::optional<LinearCall> linear_call(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const;

  // Each of one row; false where it is not for 8 bits.
  bool multiply_in_bytes(const RowMemory& row, int64_t tokens, const PackedWeight& weight, Activation activation,
                         const ByteProducts::Before& before) const;
  bool convolve_in_bytes(const RowMemory& row, const BandedConvolution& size, const PackedWeight& weight,
                         Activation activation, const MapNorm* norm) const;

  at::ScalarType dtype_;
  const FusedKernels* kernels_;
  PrimitiveCache cache_;
  RowProducts row_products_;
  std::optional<ByteProducts> byte_products_;
};

}  // namespace alice::onednn
