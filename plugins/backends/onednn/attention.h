#pragma once
// Attention over all threads, by the fused kernels.

#include "core/api/tensor.h"
#include "plugins/backends/onednn/fused_kernels.h"

namespace alice::onednn {

/// As Backend::attention(); q, k, v of the kernels' element type. Beside its result it holds one packed copy of k and
/// v.
Tensor attention(const FusedKernels& kernels, const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads,
                 double scale, bool causal);

}  // namespace alice::onednn
