#pragma once
// A backend that hands every call on, and keeps account of what each kind of layer computed and took.

#include <map>
#include <mutex>

#include "core/api/fused_products.h"
#include "server/worker/bench/stage_run.h"

namespace alice::bench {

/// A model made with it computes as with the backend inside. Operations are those of the direct algorithm, whatever the
/// backend does: 2 a multiply-add of products, zeros of the padding and hidden scores included; norms, activations and
/// upsampling count none. Fused products are seen; what else is called by way of extension() is not. Any thread; times
/// are right for one caller at a time.
class MeasuredBackend final : public Backend, private FusedProducts {
 public:
  explicit MeasuredBackend(std::shared_ptr<const Backend> inner)
      : inner_(std::move(inner)), fused_(fused_products(*inner_)) {}

  /// By kind: "conv 3x3", "conv 1x1", "linear", "linear, gated", "self-attention", "cross-attention", "group norm",
  /// "layer norm"; of a backend that has fused products "norm, conv 3x3", "norm, conv 1x1", "norm, linear",
  /// "norm, linear, gated" and "upsampling, conv 3x3", too. Layers behind one norm are one call, gated when one of them
  /// is. Since the last clear().
  LayerAccounts accounts() const;
  void clear();

  BackendInfo info() const override { return inner_->info(); }
  at::Device device() const override { return inner_->device(); }
  at::ScalarType dtype() const override { return inner_->dtype(); }
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
  // Of FusedProducts; called when fused_ is there.
  Tensor norm_conv2d(const Tensor& x, const GroupNorm& norm, const PreparedWeight& w, const Conv2dShape& shape,
                     const Epilogue& epilogue) const override;
  std::vector<Tensor> norm_linear(const Tensor& x, const LayerNorm& norm,
                                  const std::vector<LinearLayer>& layers) const override;
  PreparedWeightPtr prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const override;
  Tensor upsample_conv2d(const Tensor& x, const PreparedWeight& w) const override;

  struct Kernel {
    int64_t height = 0, width = 0;
  };
  template <class Call, class Operations>
  auto measured(const std::string& kind, const Call& call, const Operations& operations) const;
  template <class Call>
  Tensor measured_conv2d(const std::string& before, const Tensor& x, const PreparedWeight& w, const Call& call) const;
  PreparedWeightPtr remembered(PreparedWeightPtr prepared, const Tensor& weight) const;
  Kernel kernel_of(const PreparedWeight& weight) const;

  const std::shared_ptr<const Backend> inner_;
  const FusedProducts* const fused_;  // the inner backend's, or null
  mutable std::mutex mutex_;
  mutable LayerAccounts accounts_;                           // guarded by mutex_
  mutable std::map<const PreparedWeight*, Kernel> kernels_;  // guarded by mutex_. Asking a weight would unpack it
};

/// Seconds since some moment: on the clock, and of all threads of this process.
double clock_seconds();
double cpu_seconds();

}  // namespace alice::bench
