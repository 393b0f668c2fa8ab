#include "core/host/counting_backend.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace alice {
namespace {

double number(int64_t n) { return static_cast<double>(n); }

std::vector<int64_t> row_shape(const Tensor& x) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape[0] = 1;
  return shape;
}

/// Memory that is held for the time of a call.
using Held = std::vector<Tensor>;

}  // namespace

CountingBackend::CountingBackend(std::shared_ptr<const Backend> like)
    : like_(std::move(like)), fused_(fused_products(*like_) != nullptr) {}

KernelCounts CountingBackend::take_counts() const { return std::exchange(counts_, {}); }

PreparedWeightPtr CountingBackend::kept(const Tensor& weight, const Tensor& bias) const {
  const auto element = static_cast<int64_t>(c10::elementSize(dtype()));
  weight_bytes_ += element * (weight.numel() + (bias.defined() ? bias.numel() : 0));
  return std::make_shared<PreparedWeight>(weight, bias);
}

Tensor CountingBackend::result(at::IntArrayRef shape) const {
  ++counts_.calls;
  return at::empty(shape, at::TensorOptions(at::kCPU).dtype(dtype()));
}

PreparedWeightPtr CountingBackend::prepare_linear(const Tensor& weight, const Tensor& bias) const {
  return kept(weight, bias);
}

PreparedWeightPtr CountingBackend::prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape&) const {
  return kept(weight, bias);
}

Tensor CountingBackend::linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const {
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = w.weight().size(0);
  const Tensor product = result(shape);
  counts_.operations += 2 * number(x.size(-1)) * number(product.numel());
  if (epilogue.activation != Activation::geglu) return product;
  shape.back() /= 2;
  return at::empty(shape, product.options());
}

Tensor CountingBackend::conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                               const Epilogue&) const {
  const Tensor weight = w.weight();
  const auto side = [&](int64_t dimension) {
    return (x.size(dimension) + 2 * shape.padding - weight.size(dimension)) / shape.stride + 1;
  };
  const Tensor product = result({x.size(0), weight.size(0), side(2), side(3)});
  counts_.operations += 2 * number(weight[0].numel()) * number(product.numel());
  Held row;  // the library's own layout of what goes in and what comes out
  if (!fused_) row = {at::empty(row_shape(x), x.options()), at::empty(row_shape(product), x.options())};
  return product;
}

Tensor CountingBackend::group_norm(const Tensor& x, int64_t, const Tensor&, const Tensor&, double, Activation) const {
  const Tensor normal = result(x.sizes());
  Held row;
  if (!fused_) row = {at::empty(row_shape(x), at::kFloat)};
  return normal;
}

Tensor CountingBackend::layer_norm(const Tensor& x, const Tensor&, const Tensor&, double) const {
  return result(x.sizes());
}

Tensor CountingBackend::attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double,
                                  bool) const {
  const Tensor answer = result(q.sizes());
  const int64_t scores = heads * q.size(1) * k.size(1);
  counts_.operations += 4 * number(q.numel()) * number(k.size(1));
  counts_.most_scores = std::max(counts_.most_scores, number(scores));
  Held beside;
  if (fused_)
    beside = {at::empty_like(k), at::empty_like(v)};
  else
    beside = {at::empty(row_shape(q), at::kFloat), at::empty(row_shape(k), at::kFloat)};
  return answer;
}

const void* CountingBackend::extension(const char* name) const {
  return fused_ && std::strcmp(name, kFusedProducts) == 0 ? static_cast<const FusedProducts*>(this) : nullptr;
}

Tensor CountingBackend::norm_conv2d(const Tensor& x, const GroupNorm&, const PreparedWeight& w,
                                    const Conv2dShape& shape, const Epilogue& epilogue) const {
  return conv2d(x, w, shape, epilogue);
}

std::vector<Tensor> CountingBackend::norm_linear(const Tensor& x, const LayerNorm&,
                                                 const std::vector<LinearLayer>& layers) const {
  std::vector<Tensor> results;
  for (const LinearLayer& layer : layers) results.push_back(linear(x, layer.weight, layer.epilogue));
  return results;
}

PreparedWeightPtr CountingBackend::prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const {
  return kept(weight, bias);
}

Tensor CountingBackend::upsample_conv2d(const Tensor& x, const PreparedWeight& w) const {
  const Tensor weight = w.weight();
  const Tensor product = result({x.size(0), weight.size(0), 2 * x.size(2), 2 * x.size(3)});
  counts_.operations += 2 * number(weight[0].numel()) * number(product.numel());
  return product;
}

}  // namespace alice
