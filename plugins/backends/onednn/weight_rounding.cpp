#include "plugins/backends/onednn/weight_rounding.h"

#include <algorithm>

#include "plugins/backends/onednn/weight_memory.h"

namespace alice::onednn {
namespace {

constexpr int64_t kLeastOutputs = 16, kLeastDepth = 96;
// Bytes of 0 to 255 times integers of up to 127: 2^16 such products stay below 2^31.
constexpr int64_t kMostDepth = 65536;
constexpr double kLargest = 127;
constexpr double kNothing = 1e-30;  // a channel of smaller weights is 0; its scale must not lose digits as a denormal
constexpr int64_t kAtOnce = int64_t{1} << 20;  // numbers in float32 while a weight is converted

/// function(first, count) for runs of output channels.
template <class Function>
void each_run(const Tensor& weight, const Function& function) {
  const int64_t outputs = weight.size(0), most = std::max<int64_t>(1, kAtOnce / (weight.numel() / outputs));
  for (int64_t first = 0; first < outputs; first += most) function(first, std::min(most, outputs - first));
}

/// Some of the scales, to be multiplied with their channels of `weight`.
Tensor scales_of(const WeightRounding& rounding, const Tensor& weight, int64_t first, int64_t count) {
  std::vector<int64_t> shape(static_cast<size_t>(weight.dim()), 1);
  shape[0] = count;
  return rounding.scales.narrow(0, first, count).view(shape);
}

}  // namespace

std::optional<RoundedWeight> rounded(const Tensor& weight) {
  const int64_t outputs = weight.size(0);
  if (outputs < kLeastOutputs) return std::nullopt;
  const int64_t depth = weight.numel() / outputs;
  if (depth < kLeastDepth || depth > kMostDepth) return std::nullopt;
  RoundedWeight result = {weight_memory(weight.sizes(), at::kChar),
                          {at::empty({outputs}, at::kFloat), at::empty({outputs}, at::kInt)}};
  double lost = 0, all = 0;
  each_run(weight, [&](int64_t first, int64_t count) {
    const Tensor exact = weight.narrow(0, first, count).to(at::kFloat).reshape({count, depth});
    const Tensor largest = exact.abs().amax(1);
    const Tensor scale = at::where(largest > kNothing, largest / kLargest, at::ones_like(largest));
    const Tensor integers = at::round(exact / scale.view({count, 1}));
    lost += (integers * scale.view({count, 1})).sub_(exact).square_().sum(at::kDouble).item<double>();
    all += exact.square().sum(at::kDouble).item<double>();
    const Tensor written = result.integers.narrow(0, first, count);
    written.copy_(integers.view(written.sizes()));
    result.rounding.scales.narrow(0, first, count).copy_(scale);
    result.rounding.sums.narrow(0, first, count).copy_(integers.sum(1));  // exact: below 2^24
  });
  if (!(lost <= kMostRounding * kMostRounding * all)) return std::nullopt;
  return result;
}

Tensor to_values(const Tensor& integers, const WeightRounding& rounding, at::ScalarType dtype) {
  const Tensor result = weight_memory(integers.sizes(), dtype);
  each_run(integers, [&](int64_t first, int64_t count) {
    const Tensor some = integers.narrow(0, first, count).to(at::kFloat);
    result.narrow(0, first, count).copy_(some * scales_of(rounding, integers, first, count));
  });
  return result;
}

Tensor to_integers(const Tensor& values, const WeightRounding& rounding) {
  const Tensor result = weight_memory(values.sizes(), at::kChar);
  each_run(values, [&](int64_t first, int64_t count) {
    const Tensor some = values.narrow(0, first, count).to(at::kFloat);
    result.narrow(0, first, count).copy_(at::round(some / scales_of(rounding, values, first, count)));
  });
  return result;
}

}  // namespace alice::onednn
