#pragma once
// Calls of a backend's kernels on random inputs, each with what it should give in float64.

#include <functional>
#include <string>
#include <vector>

#include "core/api/backend.h"
#include "sdk/check/check.h"

namespace alice::check {

/// A backend made with some options.
struct BackendVariant {
  std::string name;  ///< "dtype = \"bfloat16\"", for messages
  std::shared_ptr<const Backend> backend;
};
/// The default options, and every boolean and choice on its own that this machine can do.
std::vector<BackendVariant> backend_variants(const Case& it);

constexpr int64_t kRows = 8;  // of every input of a call

struct KernelCall {
  std::string name;                                               ///< the kernel and its shapes
  std::vector<Tensor> inputs;                                     ///< [kRows, ...]
  std::function<Tensor(const std::vector<Tensor>& some)> kernel;  ///< on some rows of the inputs
  std::function<Tensor()> expected;                               ///< float64, of all rows
  double allowed = 0;                                             ///< normalised error against it
};

/// Shapes and numbers come from `seed`; libtorch's own generator is used and left changed.
std::vector<KernelCall> linear_calls(const Backend& backend, uint64_t seed);
std::vector<KernelCall> conv2d_calls(const Backend& backend, uint64_t seed);
std::vector<KernelCall> group_norm_calls(const Backend& backend, uint64_t seed);
std::vector<KernelCall> layer_norm_calls(const Backend& backend, uint64_t seed);
std::vector<KernelCall> attention_calls(const Backend& backend, uint64_t seed);
// Of fused products; none when the backend has no such extension. The results of norm_linear are joined in their last
// dimension.
std::vector<KernelCall> norm_conv2d_calls(const Backend& backend, uint64_t seed);
std::vector<KernelCall> norm_linear_calls(const Backend& backend, uint64_t seed);
std::vector<KernelCall> upsample_conv2d_calls(const Backend& backend, uint64_t seed);
/// Of every kernel and fused product.
std::vector<KernelCall> all_calls(const Backend& backend, uint64_t seed);

/// Standard normal times `scale`, on the backend's device in its dtype.
Tensor random_tensor(std::vector<int64_t> shape, const Backend& backend, double scale = 1);
/// What a kernel's normalised error may be: the rounding of each value and of one intermediate.
double tolerance(const Backend& backend);
/// The same of linear and conv2d: what the backend says of its products (core/api/product_error.h), or tolerance().
double product_tolerance(const Backend& backend);
/// The same of fused products, which may round what stands in between, or sums of weights.
double fused_tolerance(const Backend& backend);

}  // namespace alice::check
