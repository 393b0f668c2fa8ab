#pragma once
// A backend whose fused products are right beyond doubt: the core's plain kernels one after the other.

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "core/api/fused_products.h"

namespace alice::test {

/// The core's kernels and nothing else.
class PlainKernels final : public Backend {
 public:
  explicit PlainKernels(at::ScalarType dtype) : dtype_(dtype) {}
  BackendInfo info() const override { return {"plain kernels", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return dtype_; }

 private:
  at::ScalarType dtype_;
};

/// Of a kind of its own, so that nobody takes a convolution's weight for it or asks it for weight().
class UpsamplingWeight final : public PreparedWeight {
 public:
  explicit UpsamplingWeight(PreparedWeightPtr convolution)
      : PreparedWeight({}, {}), convolution_(std::move(convolution)) {}
  const PreparedWeight& convolution() const { return *convolution_; }

 private:
  PreparedWeightPtr convolution_;
};

class PlainFusedProducts : public FusedProducts {
 public:
  explicit PlainFusedProducts(at::ScalarType dtype) : kernels_(dtype) {}

  Tensor norm_conv2d(const Tensor& x, const GroupNorm& norm, const PreparedWeight& w, const Conv2dShape& shape,
                     const Epilogue& epilogue) const override {
    return plain_norm_conv2d(kernels_, x, norm, w, shape, epilogue);
  }
  std::vector<Tensor> norm_linear(const Tensor& x, const LayerNorm& norm,
                                  const std::vector<LinearLayer>& layers) const override {
    return plain_norm_linear(kernels_, x, norm, layers);
  }
  PreparedWeightPtr prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const override {
    return std::make_shared<UpsamplingWeight>(kernels_.prepare_conv2d(weight, bias, {1, 1}));
  }
  Tensor upsample_conv2d(const Tensor& x, const PreparedWeight& w) const override {
    return plain_upsample_conv2d(kernels_, x, dynamic_cast<const UpsamplingWeight&>(w).convolution());
  }

 protected:
  PlainKernels kernels_;
};

class FusedBackend final : public Backend {
 public:
  explicit FusedBackend(at::ScalarType dtype) : dtype_(dtype), fused_(dtype) {}
  BackendInfo info() const override { return {"plain kernels, fused", 0}; }
  at::Device device() const override { return at::kCPU; }
  at::ScalarType dtype() const override { return dtype_; }
  const void* extension(const char* name) const override {
    return std::strcmp(name, kFusedProducts) == 0 ? static_cast<const FusedProducts*>(&fused_) : nullptr;
  }

 private:
  at::ScalarType dtype_;
  PlainFusedProducts fused_;
};

}  // namespace alice::test
