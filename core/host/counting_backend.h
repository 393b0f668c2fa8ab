#pragma once
// A backend that computes nothing and counts what it is asked for: how a model's cost is known before its weights are
// read.

#include "core/api/fused_products.h"

namespace alice {

/// What was asked for.
struct KernelCounts {
  double operations = 0;   ///< of the direct algorithms: 2 a multiply-add; norms and activations count none
  double calls = 0;        ///< of kernels, norms among them
  double most_scores = 0;  ///< query-key pairs of one row, all heads, in the largest attention
};

/// Results have the right shapes and undefined contents. Every result is allocated, so that whoever watches allocations
/// sees what a backend would hold, and so is, for the time of the call, what one needs beside it: where `like` has
/// fused products a copy of the keys and values in attention; else copies of one row, as the plain kernels make them.
/// On the CPU, whatever `like`'s device; in its dtype. Weights are kept as they come, which may be expanded tensors.
/// One thread.
class CountingBackend final : public Backend, private FusedProducts {
 public:
  explicit CountingBackend(std::shared_ptr<const Backend> like);

  /// Since the last call of this; then from zero.
  KernelCounts take_counts() const;
  /// Of all weights that were prepared so far, in `like`'s dtype; bytes.
  int64_t weight_bytes() const { return weight_bytes_; }

  BackendInfo info() const override { return like_->info(); }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return like_->dtype(); }
  PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const override;
  PreparedWeightPtr prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const override;
  Tensor linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const override;
  Tensor conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                const Epilogue& epilogue) const override;
  Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
                    Activation activation) const override;
  Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const override;
  Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                   bool causal) const override;
  const void* extension(const char* name) const override;

 private:
  // Of FusedProducts; called when fused_ is true.
  Tensor norm_conv2d(const Tensor& x, const GroupNorm& norm, const PreparedWeight& w, const Conv2dShape& shape,
                     const Epilogue& epilogue) const override;
  std::vector<Tensor> norm_linear(const Tensor& x, const LayerNorm& norm,
                                  const std::vector<LinearLayer>& layers) const override;
  PreparedWeightPtr prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const override;
  Tensor upsample_conv2d(const Tensor& x, const PreparedWeight& w) const override;

  PreparedWeightPtr kept(const Tensor& weight, const Tensor& bias) const;
  Tensor result(at::IntArrayRef shape) const;

  const std::shared_ptr<const Backend> like_;
  const bool fused_;
  mutable KernelCounts counts_;
  mutable int64_t weight_bytes_ = 0;
};

}  // namespace alice
