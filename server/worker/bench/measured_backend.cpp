#include "server/worker/bench/measured_backend.h"

#include <chrono>
#include <ctime>

namespace alice::bench {
namespace {

double number(int64_t n) { return static_cast<double>(n); }
double none(const Tensor&) { return 0; }

}  // namespace

double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return number(time.tv_sec) + number(time.tv_nsec) * 1e-9;
}

LayerAccounts MeasuredBackend::accounts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return accounts_;
}

void MeasuredBackend::clear() {
  const std::lock_guard<std::mutex> lock(mutex_);
  accounts_.clear();
}

/// `operations` is told of the result, whose shape it depends on.
template <class Call, class Operations>
Tensor MeasuredBackend::measured(const std::string& kind, const Call& call, const Operations& operations) const {
  const double begin = clock_seconds();
  Tensor result = call();
  const LayerAccount one = {1, operations(result), clock_seconds() - begin};
  const std::lock_guard<std::mutex> lock(mutex_);
  LayerAccount& sum = accounts_[kind];
  sum.calls += one.calls;
  sum.operations += one.operations;
  sum.seconds += one.seconds;
  return result;
}

PreparedWeightPtr MeasuredBackend::prepare_linear(const Tensor& weight, const Tensor& bias) const {
  return inner_->prepare_linear(weight, bias);
}

PreparedWeightPtr MeasuredBackend::prepare_conv2d(const Tensor& weight, const Tensor& bias,
                                                  const Conv2dShape& shape) const {
  PreparedWeightPtr prepared = inner_->prepare_conv2d(weight, bias, shape);
  const std::lock_guard<std::mutex> lock(mutex_);
  kernels_[prepared.get()] = {weight.size(2), weight.size(3)};
  return prepared;
}

MeasuredBackend::Kernel MeasuredBackend::kernel_of(const PreparedWeight& weight) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kernels_.at(&weight);
}

Tensor MeasuredBackend::linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const {
  const bool is_gated = epilogue.activation == Activation::geglu;  // the product is twice as wide as the result
  return measured(
      is_gated ? "linear, gated" : "linear", [&] { return inner_->linear(x, w, epilogue); },
      [&](const Tensor& result) { return 2 * number(x.size(-1)) * number(result.numel()) * (is_gated ? 2 : 1); });
}

Tensor MeasuredBackend::conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                               const Epilogue& epilogue) const {
  const Kernel kernel = kernel_of(w);
  const double inputs = number(x.size(1) * kernel.height * kernel.width);
  return measured(
      "conv " + std::to_string(kernel.height) + "x" + std::to_string(kernel.width),
      [&] { return inner_->conv2d(x, w, shape, epilogue); },
      [&](const Tensor& result) { return 2 * inputs * number(result.numel()); });
}

Tensor MeasuredBackend::group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias,
                                   double eps, Activation activation) const {
  return measured(
      "group norm", [&] { return inner_->group_norm(x, groups, weight, bias, eps, activation); }, none);
}

Tensor MeasuredBackend::layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const {
  return measured(
      "layer norm", [&] { return inner_->layer_norm(x, weight, bias, eps); }, none);
}

Tensor MeasuredBackend::attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                                  bool causal) const {
  // As many keys as queries is how self-attention looks from here.
  return measured(
      k.size(1) == q.size(1) ? "self-attention" : "cross-attention",
      [&] { return inner_->attention(q, k, v, heads, scale, causal); },
      [&](const Tensor&) { return 4 * number(q.numel()) * number(k.size(1)); });
}

}  // namespace alice::bench
