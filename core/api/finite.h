#pragma once
// Whether numbers are numbers: for the core's own use.

#include "core/api/tensor.h"

namespace alice {

/// Is no number of a floating point tensor on the CPU NaN or infinite? Takes no memory where the tensor is contiguous.
bool all_finite(const Tensor& tensor);

}  // namespace alice
