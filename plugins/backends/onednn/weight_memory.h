#pragma once
// Where weights lie.

#include "core/api/tensor.h"

namespace alice::onednn {

/// A dense tensor with undefined contents, of a memory mapping of its own where it is large: what a weight leaves when
/// it is packed goes back to the system at once. In malloc's heap the hole of a plain weight is some bytes too small
/// for the next aligned one, and half of SD 1.5's plain weights stayed there. Throws Error(out_of_memory).
Tensor weight_memory(at::IntArrayRef sizes, at::ScalarType type);

}  // namespace alice::onednn
