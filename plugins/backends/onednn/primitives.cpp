#include "plugins/backends/onednn/primitives.h"

#include <cstring>
#include <tuple>

#include "plugins/backends/onednn/parallel.h"

namespace alice::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

// A model's shapes at one size are about eighty; a primitive is some tens of kilobytes of machine code.
constexpr size_t kPrimitives = 1024;

void append_activation(dnnl::post_ops& chain, Activation activation) {
  using dnnl::algorithm;
  switch (activation) {
    case Activation::silu: return chain.append_eltwise(1, algorithm::eltwise_swish, 1, 0);
    case Activation::gelu: return chain.append_eltwise(1, algorithm::eltwise_gelu_erf, 0, 0);
    case Activation::quick_gelu: return chain.append_eltwise(1, algorithm::eltwise_swish, 1.702f, 0);
    case Activation::relu: return chain.append_eltwise(1, algorithm::eltwise_relu, 0, 0);
    case Activation::none:
    case Activation::geglu: return;
  }
}

dnnl::primitive_attr attributes(const dnnl::post_ops& chain) {
  dnnl::primitive_attr result;
  result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  result.set_post_ops(chain);
  return result;
}

struct Types {
  memory::data_type source, weights, result;
};
Types types_of(at::ScalarType dtype) {
  if (dtype == at::kByte) return {memory::data_type::u8, memory::data_type::s8, memory::data_type::s32};
  return {data_type(dtype), data_type(dtype), data_type(dtype)};
}

dnnl::matmul::primitive_desc product_of(const PrimitiveKey& key) {
  const Types types = types_of(key.dtype);
  const int64_t tokens = key.sizes[0], in = key.sizes[1], out = key.sizes[2];
  const memory::desc source({tokens, in}, types.source, Tag::ab), weights({in, out}, types.weights, Tag::any),
      bias({1, out}, memory::data_type::f32, Tag::ab), result({tokens, out}, types.result, Tag::ab);
  dnnl::post_ops chain;
  append_activation(chain, key.activation);
  if (key.has_residual) chain.append_binary(dnnl::algorithm::binary_add, result);
  const dnnl::matmul::desc operation =
      key.has_bias ? dnnl::matmul::desc(source, weights, bias, result) : dnnl::matmul::desc(source, weights, result);
  return {operation, attributes(chain), engine()};
}

dnnl::convolution_forward::primitive_desc convolution_of(const PrimitiveKey& key) {
  const Types types = types_of(key.dtype);
  const auto& s = key.sizes;
  const int64_t in = s[0], height = s[1], width = s[2], out = s[3], kh = s[4], kw = s[5], stride = s[6], padding = s[7];
  const auto reduced = [&](int64_t size, int64_t kernel) { return (size + 2 * padding - kernel) / stride + 1; };
  const memory::desc source({1, in, height, width}, types.source, Tag::nhwc),
      weights({out, in, kh, kw}, types.weights, Tag::any), bias({out}, memory::data_type::f32, Tag::a),
      result({1, out, reduced(height, kh), reduced(width, kw)}, types.result, Tag::nhwc);
  dnnl::post_ops chain;
  append_activation(chain, key.activation);
  // The sum, not a binary addition: with that one oneDNN 2.6 takes an older kernel that is slower.
  if (key.has_residual) chain.append_sum();
  const memory::dims strides = {stride, stride}, paddings = {padding, padding};
  using Convolution = dnnl::convolution_forward;
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kDirect = dnnl::algorithm::convolution_direct;
  const Convolution::desc operation =
      key.has_bias ? Convolution::desc(kKind, kDirect, source, weights, bias, result, strides, paddings, paddings)
                   : Convolution::desc(kKind, kDirect, source, weights, result, strides, paddings, paddings);
  return {operation, attributes(chain), engine()};
}

/// use(description) of what oneDNN has for the key, but for its reference code, which the plain body beats.
template <class Use>
void describe(const PrimitiveKey& key, const Use& use) {
  const auto use_quick = [&](const auto& description) {
    if (std::strncmp(description.impl_info_str(), "ref", 3) != 0) use(description);
  };
  with_threads(key.threads, [&] {
    try {
      key.kind == PrimitiveKey::Kind::product ? use_quick(product_of(key)) : use_quick(convolution_of(key));
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
  });
}

dnnl::primitive primitive_of(const dnnl::matmul::primitive_desc& description) { return dnnl::matmul(description); }
dnnl::primitive primitive_of(const dnnl::convolution_forward::primitive_desc& description) {
  return dnnl::convolution_forward(description);
}

RowPrimitivePtr make(const PrimitiveKey& key) {
  RowPrimitivePtr result;
  const bool adds_input = key.has_residual && key.kind == PrimitiveKey::Kind::product;
  const int place = key.activation == Activation::none ? 0 : 1;  // in the chain
  describe(key, [&](const auto& description) {
    result = std::make_shared<RowPrimitive>(RowPrimitive{
        primitive_of(description), description.src_desc(), description.weights_desc(), description.bias_desc(),
        description.dst_desc(), static_cast<int64_t>(description.scratchpad_desc().get_size()), key.has_bias,
        adds_input ? std::optional(DNNL_ARG_ATTR_MULTIPLE_POST_OP(place) | DNNL_ARG_SRC_1) : std::nullopt});
  });
  return result;
}

}  // namespace

bool PrimitiveKey::operator<(const PrimitiveKey& other) const {
  const auto all = [](const PrimitiveKey& key) {
    return std::tie(key.kind, key.sizes, key.dtype, key.has_bias, key.activation, key.has_residual, key.threads);
  };
  return all(*this) < all(other);
}

std::optional<dnnl::memory::desc> weight_layout(const PrimitiveKey& key) {
  std::optional<dnnl::memory::desc> layout;
  describe(key, [&](const auto& description) { layout = description.weights_desc(); });
  return layout;
}

RowPrimitivePtr PrimitiveCache::find(const PrimitiveKey& key) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) {
    ages_.splice(ages_.begin(), ages_, found->second.age);
    return found->second.primitive;
  }
  RowPrimitivePtr made = make(key);
  if (entries_.size() == kPrimitives) {
    entries_.erase(ages_.back());
    ages_.pop_back();
  }
  ages_.push_front(key);
  entries_[key] = {made, ages_.begin()};
  return made;
}

void run(const RowPrimitive& row, const PackedWeight& weight, const float* bias, const void* source,
         const void* residual, void* result) {
  const auto wrap = [](const memory::desc& layout, const void* data) {
    return memory(layout, engine(), const_cast<void*>(data));
  };
  const PackedWeight::Packed packed = weight.in_layout(row.weights);
  std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, wrap(row.source, source)},
      {DNNL_ARG_WEIGHTS, packed.memory},
      {DNNL_ARG_DST, wrap(row.result, result)},
  };
  if (row.has_bias) arguments.emplace(DNNL_ARG_BIAS, wrap(row.bias, bias));
  if (row.scratch_bytes > 0) {
    const memory::desc scratch({row.scratch_bytes}, memory::data_type::u8, Tag::a);
    arguments.emplace(DNNL_ARG_SCRATCHPAD, wrap(scratch, thread_scratch(Scratch::library, row.scratch_bytes)));
  }
  if (row.residual_argument) arguments.emplace(*row.residual_argument, wrap(row.result, residual));
  dnnl::stream stream(engine());
  row.primitive.execute(stream, arguments);
  stream.wait();
}

}  // namespace alice::onednn
