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

/// Null for oneDNN's reference code, which the plain body beats.
template <class Primitive>
RowPrimitivePtr wrapped(const typename Primitive::primitive_desc& description, const PrimitiveKey& key,
                        const memory::desc& bias, std::optional<int> residual_argument) {
  if (std::strncmp(description.impl_info_str(), "ref", 3) == 0) return nullptr;
  return std::make_shared<RowPrimitive>(RowPrimitive{
      Primitive(description), description.src_desc(), description.weights_desc(), bias, description.dst_desc(),
      static_cast<int64_t>(description.scratchpad_desc().get_size()), key.has_bias, residual_argument});
}

RowPrimitivePtr make_product(const PrimitiveKey& key) {
  const Types types = types_of(key.dtype);
  const int64_t tokens = key.sizes[0], in = key.sizes[1], out = key.sizes[2];
  const memory::desc source({tokens, in}, types.source, Tag::ab), weights({in, out}, types.weights, Tag::any),
      bias({1, out}, memory::data_type::f32, Tag::ab), result({tokens, out}, types.result, Tag::ab);
  dnnl::post_ops chain;
  append_activation(chain, key.activation);
  std::optional<int> residual_argument;
  if (key.has_residual) {
    residual_argument = DNNL_ARG_ATTR_MULTIPLE_POST_OP(chain.len()) | DNNL_ARG_SRC_1;
    chain.append_binary(dnnl::algorithm::binary_add, result);
  }
  const dnnl::matmul::desc operation =
      key.has_bias ? dnnl::matmul::desc(source, weights, bias, result) : dnnl::matmul::desc(source, weights, result);
  return wrapped<dnnl::matmul>({operation, attributes(chain), engine()}, key, bias, residual_argument);
}

RowPrimitivePtr make_convolution(const PrimitiveKey& key) {
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
  return wrapped<Convolution>({operation, attributes(chain), engine()}, key, bias, std::nullopt);
}

RowPrimitivePtr make(const PrimitiveKey& key) {
  RowPrimitivePtr result;
  with_threads(key.threads, [&] {
    try {
      result = key.kind == PrimitiveKey::Kind::product ? make_product(key) : make_convolution(key);
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
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
