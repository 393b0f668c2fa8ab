#pragma once
// Norms over all threads, by the fused kernels. x is of the kernels' element type.

#include "core/api/tensor.h"
#include "plugins/backends/onednn/fused_kernels.h"

namespace alice::onednn {

/// The result lies channels-last, whatever x does. scale, shift float32 [C].
Tensor group_norm(const FusedKernels& kernels, const Tensor& x, int64_t groups, const Tensor& scale,
                  const Tensor& shift, double eps, bool silu);

/// scale, shift float32 [D].
Tensor layer_norm(const FusedKernels& kernels, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps);

}  // namespace alice::onednn
