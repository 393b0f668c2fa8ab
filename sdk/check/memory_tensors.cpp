#include "sdk/check/memory_tensors.h"

#include <utility>

#include "core/io/scalar_types.h"

namespace alice::check {

MemoryTensors::MemoryTensors(std::map<std::string, Tensor> tensors, std::map<std::string, std::string> metadata)
    : tensors_(std::move(tensors)) {
  index_.place = "memory";
  index_.files = {"memory"};
  index_.metadata = std::move(metadata);
  for (const auto& [name, tensor] : tensors_) {
    TensorInfo info;
    info.name = name;
    info.shape = tensor.sizes().vec();
    dtype_of(tensor.scalar_type(), info.dtype);
    index_.tensors[name] = info;
  }
}

Tensor MemoryTensors::tensor(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error(ErrorCode::bad_weights, index_.place, "has no tensor '" + name + "'");
  return found->second;
}

}  // namespace alice::check
