#pragma once
// What the tests of fused products (core/api/fused_products.h) are made of.

#include <vector>

#include "core/api/fused_products.h"
#include "tests/contract/backends.h"

namespace alice::test {

/// backends(), with fused products or without, and two that have them whatever was built.
const std::vector<BackendPtr>& fused_and_other_backends();

/// Normalised error, mean squares of 1e-10 and 1e-4: what stands in between is rounded, too, and so are sums of
/// weights.
double fused_tolerance(const Backend& backend);

// Norms with weights about 1, so that maps keep the range that they have in models.
GroupNorm group_norm_of(const Backend& backend, int64_t groups, int64_t channels, Activation activation);
LayerNorm layer_norm_of(const Backend& backend, int64_t width);

/// A weight as it is, and in its backend's form.
struct Weight {
  Tensor weight, bias;  ///< bias may be undefined
  PreparedWeightPtr prepared;
};
Weight linear_weight(const Backend& backend, int64_t in, int64_t out, bool with_bias);
Weight conv2d_weight(const Backend& backend, int64_t in, int64_t out, int64_t kernel, const Conv2dShape& shape,
                     bool with_bias);
Weight upsampling_weight(const Backend& backend, int64_t in, int64_t out, bool with_bias);
/// For upsample_conv2d(), as models do it.
PreparedWeightPtr prepare_upsampling(const Backend& backend, const Tensor& weight, const Tensor& bias);

// In float64.
Tensor exact_conv2d(const Tensor& x, const Weight& w, const Conv2dShape& shape);
Tensor exact_upsampling(const Tensor& x, const Weight& w);

}  // namespace alice::test
