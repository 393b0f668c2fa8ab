#include "tests/bench/measured_backend.h"

#include <chrono>
#include <ctime>

namespace alice::bench {
namespace {

/// `flops` may be told by the result, whose shape it depends on.
template <class Call, class Flops>
Tensor measured(Account& account, const Call& call, const Flops& flops) {
  const double wall = wall_now(), cpu = cpu_now();
  const Tensor result = call();
  account.wall_seconds += wall_now() - wall;
  account.cpu_seconds += cpu_now() - cpu;
  account.flops += flops(result);
  ++account.calls;
  return result;
}

double count(int64_t n) { return static_cast<double>(n); }
double nothing(const Tensor&) { return 0; }

}  // namespace

double wall_now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double cpu_now() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return count(time.tv_sec) + count(time.tv_nsec) * 1e-9;
}

Tensor MeasuredBackend::linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const {
  const bool gates = epilogue.activation == Activation::geglu;
  return measured(
      accounts_[gates ? "linear, gated" : "linear"], [&] { return inner_->linear(x, w, epilogue); },
      [&](const Tensor& result) { return 2 * count(x.size(-1)) * count(result.numel()) * (gates ? 2 : 1); });
}

Tensor MeasuredBackend::conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                               const Epilogue& epilogue) const {
  const int64_t area = areas_.at(&w);
  return measured(
      accounts_["convolution " + std::to_string(area)], [&] { return inner_->conv2d(x, w, shape, epilogue); },
      [&](const Tensor& result) { return 2 * count(x.size(1) * area) * count(result.numel()); });
}

Tensor MeasuredBackend::group_norm(const Tensor& x, int64_t groups, const Tensor& weight, const Tensor& bias,
                                   double eps, Activation activation) const {
  return measured(
      accounts_["group norm"], [&] { return inner_->group_norm(x, groups, weight, bias, eps, activation); }, nothing);
}

Tensor MeasuredBackend::layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) const {
  return measured(
      accounts_["layer norm"], [&] { return inner_->layer_norm(x, weight, bias, eps); }, nothing);
}

Tensor MeasuredBackend::attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale,
                                  bool causal) const {
  return measured(
      accounts_[k.size(1) == q.size(1) ? "self-attention" : "cross-attention"],
      [&] { return inner_->attention(q, k, v, heads, scale, causal); },
      [&](const Tensor&) { return 4 * count(q.numel()) * count(k.size(1)); });
}

}  // namespace alice::bench
