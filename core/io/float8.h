#pragma once
// Numbers of eight bits, which this libtorch has no type for.

#include <cstddef>

#include "core/api/tensor.h"
#include "core/base/tensor_index.h"

namespace alice {

/// `bytes`, one a number, in the format `dtype` (f8_e4m3 without infinities, as files' F8_E4M3 is, or f8_e5m2;
/// Micikevicius et al. 2022, table 1), as float16 of `shape`, in memory of its own. Every value is exact: both formats
/// are within float16. Any thread.
Tensor half_of_float8(const std::byte* bytes, const std::vector<int64_t>& shape, DType dtype);

}  // namespace alice
