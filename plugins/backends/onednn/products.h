#pragma once
// Linear layers and convolutions by oneDNN. Each gives nothing for what it cannot take; the plain body can.

#include "plugins/backends/onednn/byte_products.h"
#include "plugins/backends/onednn/fused_kernels.h"

namespace alice::onednn {

class Products {
 public:
  /// `kernels` null: without gating. `int8_kernels` null: no weight is rounded to 8 bits.
  Products(at::ScalarType dtype, const FusedKernels* kernels, const Int8Kernels* int8_kernels)
      : dtype_(dtype), kernels_(kernels) {
    if (int8_kernels) byte_products_.emplace(*int8_kernels, cache_);
  }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const;
  PreparedWeightPtr prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const;
  std::optional<Tensor> linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const;
  /// The result lies channels-last, whatever x does.
  std::optional<Tensor> conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                               const Epilogue& epilogue) const;

 private:
  PreparedWeightPtr prepare(const Tensor& weight, const Tensor& bias, bool is_product) const;
  const PackedWeight* packed(const Tensor& x, const PreparedWeight& w) const;
  RowPrimitivePtr product(int64_t tokens, const PackedWeight& weight, Activation activation, bool has_residual) const;
  /// source [B, tokens, in] -> result [B, tokens, out], dense; residual null or of the result's shape. False: nothing
  /// was done.
  bool multiply(const Tensor& source, int64_t tokens, const PackedWeight& weight, Activation activation,
                const Tensor& residual, const Tensor& result) const;
  /// source [B, in, H, W], residual and result channels-last.
  bool convolve(const Tensor& source, const PackedWeight& weight, const Conv2dShape& shape, Activation activation,
                const Tensor& residual, const Tensor& result) const;
  bool multiply_and_gate(const Tensor& source, int64_t tokens, const PackedWeight& weight, const Tensor& result) const;
  bool gate_row(const char* source, int64_t tokens, const PackedWeight& weight, char* result) const;

  at::ScalarType dtype_;
  const FusedKernels* kernels_;
  PrimitiveCache cache_;
  std::optional<ByteProducts> byte_products_;
};

}  // namespace alice::onednn
