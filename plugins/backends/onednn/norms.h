#pragma once
// Norms over all threads, by the fused kernels. x is of the kernels' element type.

#include "plugins/backends/onednn/map_norm.h"

namespace alice::onednn {

/// The result lies channels-last, whatever x does.
Tensor group_norm(const FusedKernels& kernels, const Tensor& x, const NormParameters& parameters);

struct TokenNorm {
  Tensor scale, shift;  // float32 [D]
  double eps;
};
Tensor layer_norm(const FusedKernels& kernels, const Tensor& x, const TokenNorm& norm);

}  // namespace alice::onednn
