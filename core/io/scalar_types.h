#pragma once
// The element types of tensor files and of ATen, each in terms of the other.

#include "core/api/tensor.h"
#include "core/base/tensor_index.h"

namespace alice {

at::ScalarType scalar_type_of(DType dtype);
/// False when no DType stands for `type`.
bool dtype_of(at::ScalarType type, DType& out);

}  // namespace alice
