#include "sdk/check/kernel_calls.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <random>

#include "core/api/product_error.h"
#include "core/base/tensor_index.h"
#include "sdk/check/call_names.h"
#include "sdk/check/exact_kernels.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

constexpr Activation kActivations[] = {Activation::none,       Activation::silu, Activation::gelu,
                                       Activation::quick_gelu, Activation::relu, Activation::geglu};
constexpr double kEps = 1e-5;

/// The further inputs of a product: an epilogue with a residual or without.
Epilogue epilogue_of(Activation activation, bool with_residual, const Tensor& residual) {
  Epilogue epilogue{activation, std::nullopt};
  if (with_residual) epilogue.residual = residual;
  return epilogue;
}

KernelCall linear_call(const Backend& backend, std::mt19937_64& random, Activation activation, bool flat) {
  const auto below = [&](uint64_t limit) { return static_cast<int64_t>(1 + random() % limit); };
  const int64_t in = below(700), out = 2 * below(300), length = below(130);
  const bool with_bias = random() % 2 == 0, with_residual = random() % 2 == 0;
  const int64_t width = activation == Activation::geglu ? out / 2 : out;
  const auto shape = [&](int64_t last) {
    return flat ? std::vector<int64_t>{kRows, last} : std::vector<int64_t>{kRows, length, last};
  };
  const Tensor weight = random_tensor({out, in}, backend, 1 / std::sqrt(static_cast<double>(in)));
  const Tensor bias = with_bias ? random_tensor({out}, backend) : Tensor();
  const Tensor x = random_tensor(shape(in), backend), residual = random_tensor(shape(width), backend);
  const auto prepared = backend.prepare_linear(weight.to(at::kCPU), bias.defined() ? bias.to(at::kCPU) : bias);

  KernelCall call;
  call.name = std::string("linear, ") + name_of(activation) + ", x " + shape_text(x.sizes().vec()) + part("out", out) +
              part_if(with_bias, "bias") + part_if(with_residual, "residual");
  call.inputs = {x, residual};
  call.kernel = [&backend, prepared, activation, with_residual](const std::vector<Tensor>& some) {
    return backend.linear(some[0], *prepared, epilogue_of(activation, with_residual, some[1]));
  };
  call.expected = [=] {
    return exact_epilogue(at::matmul(exact(x), exact(weight).t()), bias,
                          epilogue_of(activation, with_residual, residual));
  };
  call.allowed = product_tolerance(backend);
  return call;
}

KernelCall conv2d_call(const Backend& backend, std::mt19937_64& random, Activation activation, int64_t kernel) {
  const auto below = [&](uint64_t limit) { return static_cast<int64_t>(1 + random() % limit); };
  const int64_t in = below(70), out = below(70), height = kernel + below(34), width = kernel + below(34);
  const Conv2dShape shape{below(2), kernel / 2};
  const bool with_bias = random() % 2 == 0, with_residual = random() % 2 == 0;
  const Tensor weight =
      random_tensor({out, in, kernel, kernel}, backend, 1 / std::sqrt(static_cast<double>(in * kernel * kernel)));
  const Tensor bias = with_bias ? random_tensor({out}, backend) : Tensor();
  const Tensor x = random_tensor({kRows, in, height, width}, backend);
  const auto side = [&](int64_t length) { return (length + 2 * shape.padding - kernel) / shape.stride + 1; };
  const Tensor residual = random_tensor({kRows, out, side(height), side(width)}, backend);
  const auto prepared = backend.prepare_conv2d(weight.to(at::kCPU), bias.defined() ? bias.to(at::kCPU) : bias, shape);

  KernelCall call;
  call.name = std::string("conv2d, ") + name_of(activation) + ", x " + shape_text(x.sizes().vec()) + part("out", out) +
              part("kernel", kernel) + part("stride", shape.stride) + part_if(with_bias, "bias") +
              part_if(with_residual, "residual");
  call.inputs = {x, residual};
  call.kernel = [&backend, prepared, shape, activation, with_residual](const std::vector<Tensor>& some) {
    return backend.conv2d(some[0], *prepared, shape, epilogue_of(activation, with_residual, some[1]));
  };
  call.expected = [=] {
    const Tensor sums =
        at::conv2d(exact(x), exact(weight), with_bias ? exact(bias) : Tensor(), shape.stride, shape.padding);
    return exact_epilogue(sums, {}, epilogue_of(activation, with_residual, residual));
  };
  call.allowed = product_tolerance(backend);
  return call;
}

KernelCall group_norm_call(const Backend& backend, std::mt19937_64& random, Activation activation, int64_t side,
                           at::MemoryFormat format) {
  const int64_t groups = side == 1 ? 2 : 8;
  const int64_t channels = groups * (side == 1 ? 32 : static_cast<int64_t>(1 + random() % 5));
  const Tensor weight = random_tensor({channels}, backend), bias = random_tensor({channels}, backend);
  // A mean to lose digits on.
  const Tensor x = (random_tensor({kRows, channels, side, side + 1}, backend) + 2).contiguous(format);

  KernelCall call;
  call.name = std::string("group_norm, ") + name_of(activation) + ", x " + shape_text(x.sizes().vec()) +
              part("groups", groups) + (format == at::MemoryFormat::ChannelsLast ? ", channels last" : "");
  call.inputs = {x};
  call.kernel = [&backend, groups, weight, bias, activation](const std::vector<Tensor>& some) {
    return backend.group_norm(some[0], groups, weight, bias, kEps, activation);
  };
  call.expected = [=] { return exact_group_norm(x, {groups, weight, bias, kEps, activation, {}}); };
  call.allowed = tolerance(backend);
  return call;
}

struct AttentionShape {
  int64_t heads, d, queries, keys;
  bool causal;
};
/// Of heads and lengths that models have, and of odd ones; more keys than a block of any kernel.
constexpr AttentionShape kAttentionShapes[] = {
    {8, 40, 65, 65, false},  {5, 64, 31, 77, false},   {8, 80, 16, 77, false},   {2, 160, 33, 7, false},
    {1, 512, 99, 99, false}, {12, 64, 77, 77, true},   {2, 4, 77, 77, true},     {8, 1, 5, 3, false},
    {3, 64, 1, 1, true},     {2, 40, 200, 391, false}, {1, 80, 130, 192, false}, {1, 160, 64, 193, false},
    {1, 64, 250, 250, true}, {1, 33, 70, 100, false}};

KernelCall attention_call(const Backend& backend, const AttentionShape& s) {
  const Tensor q = random_tensor({kRows, s.queries, s.heads * s.d}, backend, 2);
  const Tensor k = random_tensor({kRows, s.keys, s.heads * s.d}, backend);
  const Tensor v = random_tensor({kRows, s.keys, s.heads * s.d}, backend);
  const double scale = 1 / std::sqrt(static_cast<double>(s.d));

  KernelCall call;
  call.name = "attention" + part("heads", s.heads) + part("width", s.d) + part("queries", s.queries) +
              part("keys", s.keys) + (s.causal ? ", causal" : "");
  call.inputs = {q, k, v};
  call.kernel = [&backend, s, scale](const std::vector<Tensor>& some) {
    return backend.attention(some[0], some[1], some[2], s.heads, scale, s.causal);
  };
  call.expected = [=] { return exact_attention(q, k, v, s.heads, scale, s.causal); };
  call.allowed = tolerance(backend);
  return call;
}

}  // namespace

std::vector<BackendVariant> backend_variants(const Case& it) {
  const BackendFactory& factory = it.factory<BackendFactory>();
  const auto create = [&](const Json& options) {
    auto backend = factory.create({{options, UnknownKeys::fault, json_places("options")}});
    expect(backend != nullptr, "create(" + dump_json(options) + ") gave null");
    return backend;
  };
  std::vector<BackendVariant> made = {{"the default options", create(Json::object())}};
  for (const OptionSpec& spec : factory.info().options) {
    std::vector<Json> values(spec.choices.begin(), spec.choices.end());
    if (spec.type == OptionType::boolean) values = {true, false};
    for (const Json& value : values) {
      if (spec.is_list || value == spec.default_value) continue;
      std::shared_ptr<const Backend> backend;
      if (!refusal([&] { backend = create({{spec.name, value}}); }))
        made.push_back({spec.name + " = " + dump_json(value), std::move(backend)});
    }
  }
  return made;
}

std::vector<KernelCall> linear_calls(const Backend& backend, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<KernelCall> calls;
  for (const Activation activation : kActivations)
    for (const bool flat : {false, false, true}) calls.push_back(linear_call(backend, random, activation, flat));
  return calls;
}

std::vector<KernelCall> conv2d_calls(const Backend& backend, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<KernelCall> calls;
  for (const Activation activation : {Activation::none, Activation::silu, Activation::relu})
    for (const int64_t kernel : {1, 3, 1, 3, 3}) calls.push_back(conv2d_call(backend, random, activation, kernel));
  return calls;
}

std::vector<KernelCall> group_norm_calls(const Backend& backend, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<KernelCall> calls;
  for (const Activation activation : {Activation::none, Activation::silu})
    for (const int64_t side : {1, 7, 16, 33, 64})
      for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast})
        calls.push_back(group_norm_call(backend, random, activation, side, format));
  return calls;
}

std::vector<KernelCall> layer_norm_calls(const Backend& backend, uint64_t) {
  std::vector<KernelCall> calls;
  for (const int64_t width : {3, 8, 77, 320, 1280}) {
    const Tensor weight = random_tensor({width}, backend), bias = random_tensor({width}, backend);
    const Tensor x = random_tensor({kRows, 13, width}, backend) + 2;
    KernelCall call;
    call.name = "layer_norm" + part("width", width);
    call.inputs = {x};
    call.kernel = [&backend, weight, bias](const std::vector<Tensor>& some) {
      return backend.layer_norm(some[0], weight, bias, kEps);
    };
    call.expected = [=] { return exact_layer_norm(x, {weight, bias, kEps}); };
    call.allowed = tolerance(backend);
    calls.push_back(std::move(call));
  }
  return calls;
}

std::vector<KernelCall> attention_calls(const Backend& backend, uint64_t) {
  std::vector<KernelCall> calls;
  for (const AttentionShape& shape : kAttentionShapes) calls.push_back(attention_call(backend, shape));
  return calls;
}

std::vector<KernelCall> all_calls(const Backend& backend, uint64_t seed) {
  std::vector<KernelCall> all;
  for (auto calls : {linear_calls, conv2d_calls, group_norm_calls, layer_norm_calls, attention_calls, norm_conv2d_calls,
                     norm_linear_calls, upsample_conv2d_calls}) {
    std::vector<KernelCall> some = calls(backend, seed);
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

Tensor random_tensor(std::vector<int64_t> shape, const Backend& backend, double scale) {
  return (at::randn(shape) * scale).to(backend.device(), backend.dtype());
}

double tolerance(const Backend& backend) {
  switch (backend.dtype()) {
    case at::kFloat: return 2e-6;     // unit 2^-23
    case at::kBFloat16: return 6e-3;  // unit 2^-8
    case at::kHalf: return 8e-4;      // unit 2^-11
    default:
      fail(std::string("the backend's dtype is ") + at::toString(backend.dtype()) + ", none that models compute in");
  }
}

double product_tolerance(const Backend& backend) {
  constexpr double kMost = 0.1;  // beyond it nothing is told from a fault
  const auto* stated = static_cast<const ProductError*>(backend.extension(kProductError));
  if (stated == nullptr) return tolerance(backend);
  expect(stated->largest > tolerance(backend) && stated->largest <= kMost,
         std::string(kProductError) + " says an error of " + std::to_string(stated->largest) +
             ", which is not above its dtype's and at most " + std::to_string(kMost));
  return stated->largest;
}

double fused_tolerance(const Backend& backend) {
  constexpr double kOneMoreRounding = 5. / 3;
  return std::max(tolerance(backend) * kOneMoreRounding, product_tolerance(backend));
}

}  // namespace alice::check
