#pragma once
// A backend that hands every call on, and keeps account of the time and the arithmetic of each kind of layer.

#include <map>

#include "core/api/backend.h"

namespace alice::bench {

struct Account {
  int64_t calls = 0;
  double wall_seconds = 0, cpu_seconds = 0;  // cpu: of all threads
  double flops = 0;                          // 2 a multiply-add; norms: 0
};

/// For one thread at a time.
class MeasuredBackend final : public Backend {
 public:
  explicit MeasuredBackend(std::shared_ptr<const Backend> inner) : inner_(std::move(inner)) {}

  const std::map<std::string, Account>& accounts() const { return accounts_; }
  void clear() { accounts_.clear(); }

  BackendInfo info() const override { return inner_->info(); }
  at::Device device() const override { return inner_->device(); }
  at::ScalarType dtype() const override { return inner_->dtype(); }
  PreparedWeightPtr prepare_linear(const Tensor& weight, const Tensor& bias) const override {
    return inner_->prepare_linear(weight, bias);
  }
  PreparedWeightPtr prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const override {
    const PreparedWeightPtr prepared = inner_->prepare_conv2d(weight, bias, shape);
    areas_[prepared.get()] = weight.size(2) * weight.size(3);
    return prepared;
  }
  Tensor linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const override;
  Tensor conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                const Epilogue& epilogue) const override;
  Tensor group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias, double eps,
                    Activation activation) const override;
  Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const override;
  Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                   bool causal) const override;

 private:
  std::shared_ptr<const Backend> inner_;
  mutable std::map<std::string, Account> accounts_;
  mutable std::map<const PreparedWeight*, int64_t> areas_;  // of kernels: asking a weight would unpack it
};

/// Seconds since some moment: on the wall, and of all threads of this process.
double wall_now();
double cpu_now();

}  // namespace alice::bench
