#pragma once
// Tensors as a file may hold them: in a type that ATen has, or in one of the two of eight bits, which it has not.

#include "core/api/tensor.h"
#include "core/base/tensor_index.h"

namespace alice {

struct RoundedTensor {
  DType dtype = DType::f32;
  Tensor stored;  ///< contiguous on the CPU, as the file has it: of a type of eight bits its codes, in uint8
  Tensor values;  ///< what it means, in a type of ATen's that holds it exactly
};

/// `tensor`, finite, on the CPU, in its own type.
RoundedTensor as_it_is(const Tensor& tensor);
/// A float16 `tensor`, finite, in another type of floating point: the nearest value, of two as near the one whose code
/// is even; what is beyond the largest value of eight bits becomes that. Throws Error(unsupported) for a type of no
/// floating point.
RoundedTensor rounded(const Tensor& tensor, DType dtype);

}  // namespace alice
