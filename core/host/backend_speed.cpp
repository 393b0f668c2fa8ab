#include "core/host/backend_speed.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTrials = 5;
constexpr double kWeightOfNewest = 0.5;
constexpr int64_t kLittle = 16, kLittleSide = 4;  // channels, and a map's side, of what costs next to nothing
constexpr int64_t kMuch = 64, kMuchSide = 32;     // a middle layer of a small model

/// The quickest of several runs; the first, which may make what later ones find, is not counted.
double seconds_of(const std::function<Tensor()>& kernel) {
  kernel();
  double least = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < kTrials; ++trial) {
    const Clock::time_point begun = Clock::now();
    to_host(kernel());
    least = std::min(least, std::chrono::duration<double>(Clock::now() - begun).count());
  }
  return least;
}

/// A 3x3 convolution of zeros.
struct Convolution {
  const Backend& backend;
  const Conv2dShape shape = {1, 1};
  Tensor x;
  PreparedWeightPtr weight;

  Convolution(const Backend& on, int64_t channels, int64_t side)
      : backend(on),
        x(on.to_device(at::zeros({1, channels, side, side}))),
        weight(on.prepare_conv2d(at::zeros({channels, channels, 3, 3}), at::zeros({channels}), shape)) {}
  double seconds() const {
    return seconds_of([&] { return backend.conv2d(x, *weight, shape); });
  }
  double operations() const {
    return 2.0 * 3 * 3 * static_cast<double>(x.size(1)) * static_cast<double>(x.numel());
  }
};

double seconds_of_norm(const Backend& backend) {
  const Tensor x = backend.to_device(at::zeros({1, kLittle, kLittleSide, kLittleSide}));
  const Tensor ones = backend.to_device(at::ones({kLittle}));
  return seconds_of([&] { return backend.group_norm(x, 1, ones, ones, 1e-5); });
}

double seconds_of_linear(const Backend& backend) {
  const Tensor x = backend.to_device(at::zeros({1, kLittle, kLittle}));
  const PreparedWeightPtr weight = backend.prepare_linear(at::zeros({kLittle, kLittle}), at::zeros({kLittle}));
  return seconds_of([&] { return backend.linear(x, *weight); });
}

}  // namespace

BackendSpeed measure_speed(const Backend& backend) {
  const c10::InferenceMode no_gradients;
  const Convolution much(backend, kMuch, kMuchSide);
  BackendSpeed speed;
  speed.seconds_a_kernel = (Convolution(backend, kLittle, kLittleSide).seconds() + seconds_of_norm(backend) +
                            seconds_of_linear(backend)) /
                           3;
  const double took = much.seconds();
  speed.seconds_an_operation = std::max(took - speed.seconds_a_kernel, took / 4) / much.operations();
  return speed;
}

double SpeedCorrections::factor(const std::string& what, const std::string& kind) const {
  for (const std::string& key : {what, kind})
    if (const auto found = factors_.find(key); found != factors_.end()) return found->second;
  return 1;
}

void SpeedCorrections::note(const std::string& what, const std::string& kind, double uncorrected, double took) {
  if (uncorrected <= 0 || took <= 0) return;
  const double factor = took / uncorrected;
  const auto [known, is_new] = factors_.emplace(what, factor);
  if (!is_new) known->second += kWeightOfNewest * (factor - known->second);
  factors_[kind] = known->second;
}

}  // namespace alice
