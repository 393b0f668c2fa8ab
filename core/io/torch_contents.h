#pragma once
// Which tensors a checkpoint of PyTorch's holds, and where in its storages they lie.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/pickle_values.h"

namespace alice {

/// A view of a storage: element (i, j, ...) stands at first + i * strides[0] + j * strides[1] + ..., in elements of
/// the tensor's own dtype.
struct TorchTensor {
  DType dtype = DType::other;
  size_t element_bytes = 0;
  std::string other_dtype;  ///< of a dtype that is `other`
  std::vector<int64_t> shape, strides;
  uint64_t first = 0;
  uint64_t elements = 0;  ///< of the shape
  uint64_t behind = 0;    ///< one more than its last element's place; 0 when it has no elements
  std::string storage;    ///< key
};

struct TorchStorage {
  uint64_t elements = 0;  ///< as the pickle says
  size_t element_bytes = 0;
  bool has_two_types = false;  ///< it was named with elements of different sizes
  uint64_t bytes() const { return elements * element_bytes; }
};

struct TorchContents {
  std::map<std::string, TorchTensor> tensors;
  std::map<std::string, TorchStorage> storages;  ///< by key: all that the pickle names
  std::vector<std::string> passed_over;          ///< names of entries that are no tensors: the first few
  size_t passed_over_count = 0;
};

/// The tensors of a dictionary of tensors, those of the dictionaries in it as "outer.inner"; when it has a "state_dict"
/// (as training writes it), those of that one alone. Checked: that each lies within its storage as the pickle gives its
/// length; that shapes are of at most 64 sides and 2^62 elements; names of at most 1,000 bytes of UTF-8; at most
/// 100,000 tensors in dictionaries of at most eight levels; that a tensor has no more elements than its storage, but
/// for small ones (16 Mi elements: an expanded scalar). Throws Error(bad_weights) at `place` naming the tensor. Any
/// thread.
TorchContents read_torch_contents(const PickleValues& pickle, const std::string& place);

}  // namespace alice
