#pragma once
// Tensors in memory that pose as a file.

#include <map>
#include <string>

#include "core/api/weights.h"

namespace alice::check {

class MemoryTensors final : public WeightSource {
 public:
  /// Every dtype must be one that DType knows.
  explicit MemoryTensors(std::map<std::string, Tensor> tensors, std::map<std::string, std::string> metadata = {});

  const TensorIndex& index() const override { return index_; }
  Tensor tensor(const std::string& name) const override;

 private:
  std::map<std::string, Tensor> tensors_;
  TensorIndex index_;
};

}  // namespace alice::check
