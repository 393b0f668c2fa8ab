#include "tests/contract/fused_parts.h"

#include <algorithm>
#include <cmath>

#include "sdk/check/exact_kernels.h"
#include "tests/support/fused_backend.h"

namespace alice::test {
namespace {

constexpr double kEps = 1e-5;

/// For a product of `terms` that is about as large as its factors.
double scale_of(int64_t terms) { return 1 / std::sqrt(static_cast<double>(terms)); }

}  // namespace

const std::vector<BackendPtr>& fused_and_other_backends() {
  static const std::vector<BackendPtr> all = [] {
    std::vector<BackendPtr> result = backends();
    for (const auto dtype : {at::kFloat, at::kBFloat16})
      if (is_wanted("plain")) result.push_back(std::make_shared<FusedBackend>(dtype));
    return result;
  }();
  return all;
}

double fused_tolerance(const Backend& backend) {
  return std::max(backend.dtype() == at::kFloat ? 1e-5 : 1e-2, product_tolerance(backend));
}

GroupNorm group_norm_of(const Backend& backend, int64_t groups, int64_t channels, Activation activation) {
  return {groups, random({channels}, backend, 0.25) + 1, random({channels}, backend, 0.25), kEps, activation, {}};
}

LayerNorm layer_norm_of(const Backend& backend, int64_t width) {
  return {random({width}, backend, 0.25) + 1, random({width}, backend, 0.25), kEps};
}

Weight linear_weight(const Backend& backend, int64_t in, int64_t out, bool with_bias) {
  Weight w = {random({out, in}, backend, scale_of(in)), with_bias ? random({out}, backend) : Tensor(), nullptr};
  w.prepared = backend.prepare_linear(w.weight, w.bias);
  return w;
}

Weight conv2d_weight(const Backend& backend, int64_t in, int64_t out, int64_t kernel, const Conv2dShape& shape,
                     bool with_bias) {
  Weight w = {random({out, in, kernel, kernel}, backend, scale_of(in * kernel * kernel)),
              with_bias ? random({out}, backend) : Tensor(), nullptr};
  w.prepared = backend.prepare_conv2d(w.weight, w.bias, shape);
  return w;
}

PreparedWeightPtr prepare_upsampling(const Backend& backend, const Tensor& weight, const Tensor& bias) {
  const FusedProducts* fused = fused_products(backend);
  return fused ? fused->prepare_upsample_conv2d(weight, bias) : backend.prepare_conv2d(weight, bias, {1, 1});
}

Weight upsampling_weight(const Backend& backend, int64_t in, int64_t out, bool with_bias) {
  Weight w = {random({out, in, 3, 3}, backend, scale_of(in * 9)), with_bias ? random({out}, backend) : Tensor(),
              nullptr};
  w.prepared = prepare_upsampling(backend, w.weight, w.bias);
  return w;
}

Tensor exact_conv2d(const Tensor& x, const Weight& w, const Conv2dShape& shape) {
  return at::conv2d(x, check::exact(w.weight), w.bias.defined() ? check::exact(w.bias) : w.bias, shape.stride,
                    shape.padding);
}

Tensor exact_upsampling(const Tensor& x, const Weight& w) {
  return exact_conv2d(check::exact(x).repeat_interleave(2, 2).repeat_interleave(2, 3), w, {1, 1});
}

}  // namespace alice::test
