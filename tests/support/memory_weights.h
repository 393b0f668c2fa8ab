#pragma once
// Tensors in memory that pose as a file.

#include <map>
#include <string>
#include <utility>

#include "core/api/weights.h"
#include "core/io/scalar_types.h"

namespace alice::test {

class MemoryWeights final : public WeightSource {
 public:
  explicit MemoryWeights(std::map<std::string, Tensor> tensors, std::map<std::string, std::string> metadata = {})
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

  const TensorIndex& index() const override { return index_; }
  Tensor tensor(const std::string& name) const override { return tensors_.at(name); }

 private:
  std::map<std::string, Tensor> tensors_;
  TensorIndex index_;
};

}  // namespace alice::test
