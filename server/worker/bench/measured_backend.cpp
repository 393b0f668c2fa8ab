#include "server/worker/bench/measured_backend.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <ctime>

namespace alice::bench {
namespace {

double number(int64_t n) { return static_cast<double>(n); }
double none(const Tensor&) { return 0; }

bool is_gated(const Epilogue& epilogue) { return epilogue.activation == Activation::geglu; }

/// A gated product is twice as wide as its result.
double linear_operations(const Tensor& x, const Epilogue& epilogue, const Tensor& result) {
  return 2 * number(x.size(-1)) * number(result.numel()) * (is_gated(epilogue) ? 2 : 1);
}

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
auto MeasuredBackend::measured(const std::string& kind, const Call& call, const Operations& operations) const {
  const double begin = clock_seconds();
  auto result = call();
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
  return remembered(inner_->prepare_conv2d(weight, bias, shape), weight);
}

PreparedWeightPtr MeasuredBackend::remembered(PreparedWeightPtr prepared, const Tensor& weight) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  kernels_[prepared.get()] = {weight.size(2), weight.size(3)};
  return prepared;
}

MeasuredBackend::Kernel MeasuredBackend::kernel_of(const PreparedWeight& weight) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kernels_.at(&weight);
}

Tensor MeasuredBackend::linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const {
  return measured(
      is_gated(epilogue) ? "linear, gated" : "linear", [&] { return inner_->linear(x, w, epilogue); },
      [&](const Tensor& result) { return linear_operations(x, epilogue, result); });
}

/// `before`: what the backend does in the same call.
template <class Call>
Tensor MeasuredBackend::measured_conv2d(const std::string& before, const Tensor& x, const PreparedWeight& w,
                                        const Call& call) const {
  const Kernel kernel = kernel_of(w);
  const double inputs = number(x.size(1) * kernel.height * kernel.width);
  return measured(before + "conv " + std::to_string(kernel.height) + "x" + std::to_string(kernel.width), call,
                  [&](const Tensor& result) { return 2 * inputs * number(result.numel()); });
}

Tensor MeasuredBackend::conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                               const Epilogue& epilogue) const {
  return measured_conv2d("", x, w, [&] { return inner_->conv2d(x, w, shape, epilogue); });
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

const void* MeasuredBackend::extension(const char* name) const {
  if (fused_ && std::strcmp(name, kFusedProducts) == 0) return static_cast<const FusedProducts*>(this);
  return inner_->extension(name);
}

Tensor MeasuredBackend::norm_conv2d(const Tensor& x, const GroupNorm& norm, const PreparedWeight& w,
                                    const Conv2dShape& shape, const Epilogue& epilogue) const {
  return measured_conv2d("norm, ", x, w, [&] { return fused_->norm_conv2d(x, norm, w, shape, epilogue); });
}

std::vector<Tensor> MeasuredBackend::norm_linear(const Tensor& x, const LayerNorm& norm,
                                                 const std::vector<LinearLayer>& layers) const {
  const bool gates = std::any_of(layers.begin(), layers.end(), [](const auto& one) { return is_gated(one.epilogue); });
  return measured(
      gates ? "norm, linear, gated" : "norm, linear", [&] { return fused_->norm_linear(x, norm, layers); },
      [&](const std::vector<Tensor>& results) {
        double sum = 0;
        for (size_t i = 0; i < results.size(); ++i) sum += linear_operations(x, layers[i].epilogue, results[i]);
        return sum;
      });
}

PreparedWeightPtr MeasuredBackend::prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const {
  return remembered(fused_->prepare_upsample_conv2d(weight, bias), weight);
}

Tensor MeasuredBackend::upsample_conv2d(const Tensor& x, const PreparedWeight& w) const {
  return measured_conv2d("upsampling, ", x, w, [&] { return fused_->upsample_conv2d(x, w); });
}

}  // namespace alice::bench
