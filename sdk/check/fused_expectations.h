#pragma once
// What the checks of backends expect of fused products, beside their being kernels.

#include "core/api/fused_products.h"
#include "sdk/check/kernel_calls.h"

namespace alice::check {

// Each fails the check with what was seen. `variant` is the backend that has them.

/// A prepared weight serves maps of changing sizes.
void expect_upsampling_sizes(const BackendVariant& variant, const FusedProducts& fused);
/// A weight made of numbers of this type does not change with them. By results: what weight() of such a weight gives is
/// the backend's own affair.
void expect_own_upsampling_weight(const BackendVariant& variant, const FusedProducts& fused, at::ScalarType type);
/// Shapes that do not fit together are an exception.
void expect_fused_misfits_thrown(const BackendVariant& variant, const FusedProducts& fused);

}  // namespace alice::check
