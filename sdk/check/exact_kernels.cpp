#include "sdk/check/exact_kernels.h"

#include <cmath>
#include <limits>

namespace alice::check {
namespace {

/// Over the last dimension, by its mean and variance.
Tensor normalised(const Tensor& x, double eps) {
  const Tensor centred = x - x.mean(-1, true);
  return centred / (centred.square().mean(-1, true) + eps).sqrt();
}

Tensor of_channels(const Tensor& tensor) { return exact(tensor).view({1, -1, 1, 1}); }

}  // namespace

Tensor exact(const Tensor& tensor) { return tensor.to(at::kCPU, at::kDouble); }

Tensor exact_activation(const Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::none: return x;
    case Activation::silu: return x * at::sigmoid(x);
    case Activation::gelu: return 0.5 * x * (1 + at::erf(x / std::sqrt(2.0)));
    case Activation::quick_gelu: return x * at::sigmoid(1.702 * x);
    case Activation::relu: return at::clamp_min(x, 0);
    case Activation::geglu: {
      const auto halves = x.chunk(2, -1);
      return halves[0] * exact_activation(halves[1], Activation::gelu);
    }
  }
  return x;
}

Tensor exact_epilogue(const Tensor& product, const Tensor& bias, const Epilogue& epilogue) {
  const Tensor sum = bias.defined() ? product + exact(bias) : product;
  const Tensor result = exact_activation(sum, epilogue.activation);
  return epilogue.residual ? result + exact(*epilogue.residual) : result;
}

Tensor exact_group_norm(const Tensor& x, const GroupNorm& norm) {
  const Tensor sum = norm.added.defined() ? exact(x) + exact(norm.added).unsqueeze(-1).unsqueeze(-1) : exact(x);
  const Tensor normed = normalised(sum.reshape({x.size(0), norm.groups, -1}), norm.eps).reshape(x.sizes());
  return exact_activation(normed * of_channels(norm.weight) + of_channels(norm.bias), norm.activation);
}

Tensor exact_layer_norm(const Tensor& x, const LayerNorm& norm) {
  return normalised(exact(x), norm.eps) * exact(norm.weight) + exact(norm.bias);
}

Tensor exact_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale, bool causal) {
  const auto split = [&](const Tensor& x) { return exact(x).view({x.size(0), x.size(1), heads, -1}).transpose(1, 2); };
  Tensor scores = at::matmul(split(q), split(k).transpose(2, 3)) * scale;
  if (causal) {
    const Tensor allowed = at::ones({q.size(1), k.size(1)}, at::kBool).tril();
    scores = scores.masked_fill(allowed.logical_not(), -std::numeric_limits<double>::infinity());
  }
  return at::matmul(at::softmax(scores, -1), split(v)).transpose(1, 2).reshape(q.sizes());
}

double normalised_error(const Tensor& result, const Tensor& expected) {
  const Tensor difference = exact(result) - expected;
  return std::sqrt((difference.square().sum() / expected.square().sum()).item<double>());
}

}  // namespace alice::check
