// Calls of fused products (core/api/fused_products.h).

#include <algorithm>
#include <cmath>
#include <random>

#include "core/api/fused_products.h"
#include "core/base/tensor_index.h"
#include "sdk/check/call_names.h"
#include "sdk/check/exact_kernels.h"
#include "sdk/check/kernel_calls.h"

namespace alice::check {
namespace {

constexpr double kEps = 1e-5;

using Generator = std::mt19937_64;

int64_t up_to(uint64_t most, Generator& random) { return static_cast<int64_t>(1 + random() % most); }
bool either(Generator& random) { return random() % 2 == 0; }

/// For a product of `terms` that is about as large as its factors.
double scale_of(int64_t terms) { return 1 / std::sqrt(static_cast<double>(terms)); }

Tensor on_cpu(const Tensor& tensor) { return tensor.defined() ? tensor.to(at::kCPU) : tensor; }

/// A product's weight and bias, and the form that the backend made of them.
struct Weight {
  Tensor weight, bias;
  PreparedWeightPtr prepared;
};

/// About 1, so that a map keeps its range, which is what 8 bits are made for.
Tensor norm_weight(int64_t width, const Backend& backend) { return random_tensor({width}, backend, 0.25) + 1; }

struct NormConv2dCase {
  Activation before, after;
  bool adds;
  int64_t kernel;
  Conv2dShape shape;
  int64_t side;  // at least; 0: one pixel
};
constexpr NormConv2dCase kNormConv2dCases[] = {
    {Activation::silu, Activation::none, true, 3, {1, 1}, 5},
    {Activation::silu, Activation::none, false, 3, {1, 1}, 0},
    {Activation::none, Activation::none, false, 1, {1, 0}, 7},
    {Activation::none, Activation::silu, true, 1, {1, 0}, 0},
    {Activation::gelu, Activation::none, false, 3, {2, 1}, 6},
    {Activation::quick_gelu, Activation::relu, true, 3, {2, 0}, 9},
    {Activation::relu, Activation::none, true, 3, {1, 0}, 11},
    {Activation::silu, Activation::gelu, true, 3, {1, 2}, 4},
    {Activation::silu, Activation::none, true, 1, {2, 0}, 33},
};

/// A convolution's weight for `shape`.
Weight conv2d_weight(const Backend& backend, Generator& random, int64_t in, int64_t kernel, const Conv2dShape& shape) {
  const int64_t out = up_to(70, random);
  const Tensor weight = random_tensor({out, in, kernel, kernel}, backend, scale_of(in * kernel * kernel));
  const Tensor bias = either(random) ? random_tensor({out}, backend) : Tensor();
  return {weight, bias, backend.prepare_conv2d(on_cpu(weight), on_cpu(bias), shape)};
}

KernelCall norm_conv2d_call(const Backend& backend, Generator& random, const NormConv2dCase& c) {
  const bool is_pixel = c.side == 0;
  const int64_t groups = is_pixel ? 2 : 8, in = groups * (is_pixel ? 15 + up_to(17, random) : up_to(5, random));
  const int64_t height = is_pixel ? 1 : c.side + up_to(7, random), width = is_pixel ? 1 : c.side + up_to(7, random);
  const Weight w = conv2d_weight(backend, random, in, c.kernel, c.shape);
  const bool with_residual = either(random);
  const Tensor x = random_tensor({kRows, in, height, width}, backend) + 1;  // a mean to lose digits on
  const Tensor added = random_tensor({kRows, in}, backend);
  const auto side = [&](int64_t length) { return (length + 2 * c.shape.padding - c.kernel) / c.shape.stride + 1; };
  const Tensor residual = random_tensor({kRows, w.weight.size(0), side(height), side(width)}, backend);
  const GroupNorm norm = {groups, norm_weight(in, backend), random_tensor({in}, backend, 0.25), kEps, c.before, {}};
  // Of some rows, or of all.
  const auto norm_of = [norm, c](const Tensor& rows) {
    GroupNorm some = norm;
    if (c.adds) some.added = rows;
    return some;
  };
  const auto epilogue_of = [c, with_residual](const Tensor& rows) {
    Epilogue epilogue{c.after, std::nullopt};
    if (with_residual) epilogue.residual = rows;
    return epilogue;
  };

  KernelCall call;
  call.name = "norm_conv2d, x " + shape_text(x.sizes().vec()) + part("groups", groups) + part_if(c.adds, "added") +
              ", " + name_of(c.before) + ", then" + part("out", w.weight.size(0)) + part("kernel", c.kernel) +
              part("stride", c.shape.stride) + part("padding", c.shape.padding) + part_if(w.bias.defined(), "bias") +
              ", " + name_of(c.after) + part_if(with_residual, "residual");
  call.inputs = {x, added, residual};
  call.kernel = [&backend, w, c, norm_of, epilogue_of](const std::vector<Tensor>& some) {
    return norm_conv2d(backend, some[0], norm_of(some[1]), *w.prepared, c.shape, epilogue_of(some[2]));
  };
  call.expected = [=] {
    const Tensor sums =
        at::conv2d(exact_group_norm(x, norm_of(added)), exact(w.weight), {}, c.shape.stride, c.shape.padding);
    return exact_epilogue(sums, w.bias.defined() ? w.bias.view({-1, 1, 1}) : w.bias, epilogue_of(residual));
  };
  call.allowed = fused_tolerance(backend);
  return call;
}

KernelCall norm_linear_call(const Backend& backend, Generator& random, const std::vector<Activation>& activations,
                            std::vector<int64_t> shape) {
  const int64_t in = shape.back();
  const LayerNorm norm = {norm_weight(in, backend), random_tensor({in}, backend, 0.25), kEps};
  KernelCall call;
  call.name = "norm_linear, x " + shape_text(shape);
  call.inputs = {random_tensor(shape, backend) + 1};
  std::vector<Weight> weights;
  std::vector<size_t> residuals;  // where they stand in the inputs; 0: none
  for (const Activation activation : activations) {
    const int64_t out = 2 * up_to(150, random), width = activation == Activation::geglu ? out / 2 : out;
    const Tensor weight = random_tensor({out, in}, backend, scale_of(in));
    const Tensor bias = either(random) ? random_tensor({out}, backend) : Tensor();
    weights.push_back({weight, bias, backend.prepare_linear(on_cpu(weight), on_cpu(bias))});
    const bool with_residual = either(random);
    residuals.push_back(with_residual ? call.inputs.size() : 0);
    shape.back() = width;
    if (with_residual) call.inputs.push_back(random_tensor(shape, backend));
    call.name += std::string(", then ") + name_of(activation) + part("out", out) + part_if(bias.defined(), "bias") +
                 part_if(with_residual, "residual");
  }
  const auto epilogue_of = [activations, residuals](size_t layer, const std::vector<Tensor>& some) {
    Epilogue epilogue{activations[layer], std::nullopt};
    if (residuals[layer] > 0) epilogue.residual = some[residuals[layer]];
    return epilogue;
  };

  call.kernel = [&backend, norm, weights, epilogue_of](const std::vector<Tensor>& some) {
    std::vector<LinearLayer> layers;
    for (size_t i = 0; i < weights.size(); ++i) layers.push_back({*weights[i].prepared, epilogue_of(i, some)});
    return at::cat(norm_linear(backend, some[0], norm, layers), -1);
  };
  call.expected = [norm, weights, epilogue_of, inputs = call.inputs] {
    const Tensor normed = exact_layer_norm(inputs[0], norm);
    std::vector<Tensor> results;
    for (size_t i = 0; i < weights.size(); ++i)
      results.push_back(
          exact_epilogue(at::matmul(normed, exact(weights[i].weight).t()), weights[i].bias, epilogue_of(i, inputs)));
    return at::cat(results, -1);
  };
  call.allowed = fused_tolerance(backend);
  return call;
}

KernelCall upsample_conv2d_call(const Backend& backend, const FusedProducts& fused, Generator& random, int64_t height,
                                int64_t width) {
  const int64_t in = up_to(70, random), out = up_to(70, random);
  const Tensor weight = random_tensor({out, in, 3, 3}, backend, scale_of(in * 9));
  const Tensor bias = either(random) ? random_tensor({out}, backend) : Tensor();
  const auto prepared = fused.prepare_upsample_conv2d(on_cpu(weight), on_cpu(bias));
  const Tensor x = random_tensor({kRows, in, height, width}, backend);

  KernelCall call;
  call.name = "upsample_conv2d, x " + shape_text(x.sizes().vec()) + part("out", out) + part_if(bias.defined(), "bias");
  call.inputs = {x};
  call.kernel = [&fused, prepared](const std::vector<Tensor>& some) {
    return fused.upsample_conv2d(some[0], *prepared);
  };
  call.expected = [=] {
    const Tensor large = exact(x).repeat_interleave(2, 2).repeat_interleave(2, 3);
    return at::conv2d(large, exact(weight), bias.defined() ? exact(bias) : bias, 1, 1);
  };
  call.allowed = fused_tolerance(backend);
  return call;
}

}  // namespace

std::vector<KernelCall> norm_conv2d_calls(const Backend& backend, uint64_t seed) {
  if (!fused_products(backend)) return {};
  Generator random(seed);
  std::vector<KernelCall> calls;
  for (const NormConv2dCase& c : kNormConv2dCases) calls.push_back(norm_conv2d_call(backend, random, c));
  return calls;
}

std::vector<KernelCall> norm_linear_calls(const Backend& backend, uint64_t seed) {
  if (!fused_products(backend)) return {};
  using A = Activation;
  Generator random(seed);
  std::vector<KernelCall> calls;
  for (const auto& activations : std::vector<std::vector<Activation>>{
           {A::none}, {A::none, A::none, A::none}, {A::geglu}, {A::silu, A::geglu}, {A::gelu, A::quick_gelu, A::relu}})
    for (const std::vector<int64_t>& length : {std::vector<int64_t>{}, {up_to(130, random)}, {up_to(9, random), 7}}) {
      std::vector<int64_t> shape = {kRows};
      shape.insert(shape.end(), length.begin(), length.end());
      shape.push_back(7 + up_to(700, random));
      calls.push_back(norm_linear_call(backend, random, activations, shape));
    }
  return calls;
}

std::vector<KernelCall> upsample_conv2d_calls(const Backend& backend, uint64_t seed) {
  const FusedProducts* fused = fused_products(backend);
  if (!fused) return {};
  Generator random(seed);
  std::vector<KernelCall> calls;
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {8, 1}, {2, 2}, {7, 5}, {16, 16}, {33, 20}})
    calls.push_back(upsample_conv2d_call(backend, *fused, random, height, width));
  return calls;
}

}  // namespace alice::check
