#pragma once
// The element types of tensor files and of ATen, each in terms of the other.

#include "core/api/tensor.h"
#include "core/base/tensor_index.h"

namespace alice {

/// What a tensor of a file is read as: the same type, float16 for the floating point types of eight bits. Throws
/// Error(internal) for `other`.
at::ScalarType scalar_type_of(DType dtype);
/// False when no DType stands for `type`.
bool dtype_of(at::ScalarType type, DType& out);

}  // namespace alice
