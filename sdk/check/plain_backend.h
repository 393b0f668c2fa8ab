#pragma once
// What model plugins are tried on: the core's plain kernels in float32.

#include <memory>

#include "core/api/backend.h"

namespace alice::check {

class PlainBackend final : public Backend {
 public:
  BackendInfo info() const override { return {"plain kernels", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return at::kFloat; }
};

inline std::shared_ptr<const Backend> plain_backend() { return std::make_shared<PlainBackend>(); }

}  // namespace alice::check
