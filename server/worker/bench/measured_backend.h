#pragma once
// A backend that hands every call on, and keeps account of what each kind of layer computed and took.

#include <map>
#include <mutex>

#include "core/api/backend.h"
#include "server/worker/bench/stage_run.h"

namespace alice::bench {

/// A model made with it computes as with the backend inside. Operations are those of the direct algorithm, whatever the
/// backend does: 2 a multiply-add of products, zeros of the padding and hidden scores included; norms and activations
/// count none. What is called by way of extension() is not seen. Any thread; times are right for one caller at a time.
class MeasuredBackend final : public Backend {
 public:
  explicit MeasuredBackend(std::shared_ptr<const Backend> inner) : inner_(std::move(inner)) {}

  /// By kind: "conv 3x3", "conv 1x1", "linear", "linear, gated", "self-attention", "cross-attention", "group norm",
  /// "layer norm". Since the last clear().
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
  const void* extension(const char* name) const override { return inner_->extension(name); }

 private:
  struct Kernel {
    int64_t height = 0, width = 0;
  };
  template <class Call, class Operations>
  Tensor measured(const std::string& kind, const Call& call, const Operations& operations) const;
  Kernel kernel_of(const PreparedWeight& weight) const;

  const std::shared_ptr<const Backend> inner_;
  mutable std::mutex mutex_;
  mutable LayerAccounts accounts_;                           // guarded by mutex_
  mutable std::map<const PreparedWeight*, Kernel> kernels_;  // guarded by mutex_. Asking a weight would unpack it
};

/// Seconds since some moment: on the clock, and of all threads of this process.
double clock_seconds();
double cpu_seconds();

}  // namespace alice::bench
