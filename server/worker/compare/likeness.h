#pragma once
// How near one picture comes to another.

#include "core/api/tensor.h"

namespace alice {

/// Peak signal to noise in dB of two pictures, u8 of one shape: 10 log10(255^2 / mean squared difference), over all
/// pixels and colours; infinity for equal ones.
double psnr(const Tensor& picture, const Tensor& reference);

}  // namespace alice
