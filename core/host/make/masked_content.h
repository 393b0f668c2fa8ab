#pragma once
// What a picture shows under its mask when its own content is not to show through.

#include "core/api/tensor.h"

namespace alice {

/// uint8 [H, W, 3] and its mask [H, W] -> the picture, where the mask is set in the colours around it, the more blurred
/// the farther in: as A1111 fills.
Tensor filled(const Tensor& picture, const Tensor& mask);

}  // namespace alice
