#pragma once
// Tensors of the contracts: at::Tensor; pictures and latents are NCHW. This is the one place that names ATen's header
// (4 s to compile, so the build precompiles it).

#include <ATen/ATen.h>

namespace alice {

using at::Tensor;

}  // namespace alice
