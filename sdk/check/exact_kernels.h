#pragma once
// What kernels should give, in float64 on the CPU.

#include "core/api/fused_products.h"

namespace alice::check {

Tensor exact(const Tensor& tensor);
Tensor exact_activation(const Tensor& x, Activation activation);
/// activation(product + bias) + residual. The bias is of the shape that the product wants, or undefined.
Tensor exact_epilogue(const Tensor& product, const Tensor& bias, const Epilogue& epilogue);
/// activation(norm(x + added)).
Tensor exact_group_norm(const Tensor& x, const GroupNorm& norm);
Tensor exact_layer_norm(const Tensor& x, const LayerNorm& norm);
/// softmax(q k' scale + mask) v.
Tensor exact_attention(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, double scale, bool causal);

/// sqrt(|result - expected|^2 / |expected|^2).
double normalised_error(const Tensor& result, const Tensor& expected);

}  // namespace alice::check
