#pragma once
// The names that a checkpoint's pickle may ask for. What is not among them refuses the file.

#include <cstddef>
#include <string_view>

#include "core/base/tensor_index.h"

namespace alice {

/// What a name of Python's stands for here. None of them is ever called: each makes an inert value.
enum class PickleRole {
  storage,         ///< torch.FloatStorage: the type of a block of numbers
  untyped,         ///< torch.storage.UntypedStorage: a block of bytes
  dtype,           ///< torch.float32
  tensor,          ///< torch._utils._rebuild_tensor_v2 and its elder: a view of a storage
  tensor_as,       ///< torch._utils._rebuild_tensor_v3: the same of bytes, with its dtype
  parameter,       ///< torch._utils._rebuild_parameter: its first argument
  from_type,       ///< torch._tensor._rebuild_from_type_v2: the first argument, called with the third
  size,            ///< torch.Size: a tuple
  dict,            ///< collections.OrderedDict
  parameter_dict,  ///< torch.nn.modules.container.ParameterDict
  list,
  note,  ///< whatever training left beside the weights: passed over
};

struct PickleGlobal {
  std::string_view module, name;
  PickleRole role = PickleRole::note;
  DType dtype = DType::other;         ///< of storages and dtypes
  size_t element_bytes = 0;           ///< of storages and dtypes
  const char* other_dtype = nullptr;  ///< how a dtype is called that is `other`
};

/// Null for a name that is not allowed. What it points to lives for ever. Any thread.
const PickleGlobal* pickle_global(std::string_view module, std::string_view name);

}  // namespace alice
