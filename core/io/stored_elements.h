#pragma once
// Tensors over bytes that lie in memory which somebody keeps: a mapped file, or what was unpacked of one.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/api/tensor.h"
#include "core/base/tensor_index.h"

namespace alice {

/// Elements as a file has them.
struct StoredElements {
  const std::byte* first = nullptr;  ///< the first element; not looked at when there are none
  size_t extent = 0;                 ///< bytes from there to the end of the last element
  DType dtype = DType::f32;          ///< not `other`
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  ///< in elements; none: one behind the other
};

/// Contiguous, on the CPU: a view of those bytes, never to be written to; a copy where they are not aligned for their
/// dtype or not one behind the other, of F8_E4M3 and F8_E5M2 (as float16, exactly), and of BOOL, whose bytes may be
/// other than 0 and 1 (true then). `release` is called when the bytes are no longer needed. Any thread.
Tensor tensor_of(const StoredElements& elements, const std::function<void()>& release);

/// The tensor of that name. Throws Error(bad_weights), naming the file, when there is none, or its dtype is `other`.
const TensorInfo& usable_tensor(const TensorIndex& index, const std::string& name);

}  // namespace alice
