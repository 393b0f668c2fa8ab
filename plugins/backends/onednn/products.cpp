#include "plugins/backends/onednn/products.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"
#include "plugins/backends/onednn/weight_memory.h"

namespace alice::onednn {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

Tensor own_copy(const Tensor& tensor, at::ScalarType dtype) {
  if (!tensor.defined()) return {};
  // A copy even where nothing is to be converted: the source may be a view of a file that somebody overwrites later.
  return weight_memory(tensor.sizes(), dtype).copy_(tensor);
}

bool is_pointwise(at::IntArrayRef weight, const Conv2dShape& shape) {
  return weight[2] == 1 && weight[3] == 1 && shape.stride == 1 && shape.padding == 0;
}

bool is_like(const Tensor& tensor, at::IntArrayRef sizes, at::ScalarType dtype) {
  return tensor.sizes() == sizes && tensor.scalar_type() == dtype;
}

/// Row b of a batch of dense tensors. residual may be undefined.
RowMemory row_of(const Tensor& source, const Tensor& residual, const Tensor& result, int64_t b) {
  const auto row = [b](const Tensor& tensor) {
    const int64_t elements = tensor.numel() / tensor.size(0);
    return static_cast<char*>(tensor.data_ptr()) + b * elements * static_cast<int64_t>(tensor.element_size());
  };
  return {row(source), residual.defined() ? row(residual) : nullptr, row(result)};
}

/// in_bytes(row) for each row of a batch, if any may be in bytes: a row a thread where that keeps all threads busy, so
/// that they wait for each other once rather than at every pass. Then otherwise(row) for those of which it said no, by
/// all threads. False when that says no, too.
bool rows_in_bytes_or_else(int64_t rows, bool may_be_in_bytes, const std::function<bool(int64_t)>& in_bytes,
                           const std::function<bool(int64_t)>& otherwise) {
  std::vector<char> done(static_cast<size_t>(rows));
  const auto try_row = [&](int64_t b) { done[static_cast<size_t>(b)] = in_bytes(b); };
  if (may_be_in_bytes && rows % at::get_num_threads() == 0)
    each_task(rows, try_row);
  else if (may_be_in_bytes)
    for (int64_t b = 0; b < rows; ++b) try_row(b);
  for (int64_t b = 0; b < rows; ++b)
    if (!done[static_cast<size_t>(b)] && !otherwise(b)) return false;
  return true;
}

}  // namespace

std::shared_ptr<const PackedWeight> Products::prepare(const Tensor& weight, const Tensor& bias,
                                                      const Conv2dShape* shape) const {
  const bool is_product = !shape || is_pointwise(weight.sizes(), *shape);
  const auto in_8_bits = byte_products_ ? rounded(weight) : std::nullopt;
  const auto result =
      in_8_bits ? std::make_shared<const PackedWeight>(*in_8_bits, own_copy(bias, dtype_), is_product, dtype_)
                : std::make_shared<const PackedWeight>(own_copy(weight, dtype_), own_copy(bias, dtype_), is_product);
  pack(*result, shape);
  return result;
}

void Products::pack(const PackedWeight& weight, const Conv2dShape* shape) const {
  constexpr int64_t kTokens = 256, kSide = 64;  // usual ones
  PrimitiveKey key = {PrimitiveKey::Kind::product,
                      {kTokens, weight.inputs(), weight.outputs()},
                      weight.rounding() ? at::kByte : dtype_,
                      weight.bias_float().defined() && !weight.rounding(),
                      Activation::none,
                      /*has_residual=*/false,
                      at::get_num_threads()};
  if (!weight.is_product()) {
    key.kind = PrimitiveKey::Kind::convolution;
    key.sizes = {weight.inputs(),   kSide,         kSide,         weight.outputs(), weight.shape()[2],
                 weight.shape()[3], shape->stride, shape->padding};
  }
  if (const auto layout = weight_layout(key)) weight.in_layout(*layout);
}

PreparedWeightPtr Products::prepare_linear(const Tensor& weight, const Tensor& bias) const {
  return prepare(weight, bias, nullptr);
}

PreparedWeightPtr Products::prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const {
  return prepare(weight, bias, &shape);
}

PreparedWeightPtr Products::prepare_upsample_conv2d(const Tensor& weight, const Tensor& bias) const {
  const Conv2dShape shape;  // of the map with its border
  return std::make_shared<UpsamplingWeight>(weight, own_copy(bias, dtype_),
                                            [&](const Tensor& quarter) { return prepare(quarter, bias, &shape); });
}

const PackedWeight* Products::packed(const Tensor& x, const PreparedWeight& w) const {
  const auto* weight = dynamic_cast<const PackedWeight*>(&w);
  return weight && x.scalar_type() == dtype_ && x.numel() > 0 ? weight : nullptr;
}

std::optional<Products::LinearCall> Products::linear_call(const Tensor& x, const PreparedWeight& w,
                                                          const Epilogue& epilogue) const {
  const PackedWeight* weight = packed(x, w);
  const bool gates = epilogue.activation == Activation::geglu;
  if (!weight || !weight->is_product() || x.dim() < 2 || x.size(-1) != weight->inputs()) return std::nullopt;
  if (gates && (!kernels_ || epilogue.residual)) return std::nullopt;
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = gates ? weight->outputs() / 2 : weight->outputs();
  if (epilogue.residual && !is_like(*epilogue.residual, shape, dtype_)) return std::nullopt;
  return LinearCall{*weight, epilogue.activation, epilogue.residual ? epilogue.residual->contiguous() : Tensor(),
                    empty_result(shape, dtype_)};
}

std::optional<Tensor> Products::linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const {
  const auto call = linear_call(x, w, epilogue);
  if (!call) return std::nullopt;
  const Tensor source = x.contiguous();
  const int64_t tokens = x.numel() / x.size(0) / x.size(-1);
  const auto row = [&](int64_t b) { return row_of(source, call->residual, call->result, b); };
  const bool done = rows_in_bytes_or_else(
      x.size(0), call->weight.rounding().has_value(),
      [&](int64_t b) { return multiply_in_bytes(row(b), tokens, call->weight, call->activation, {}); },
      [&](int64_t b) { return row_products_.multiply(row(b), tokens, call->weight, call->activation); });
  return done ? std::optional(call->result) : std::nullopt;
}

bool Products::multiply_in_bytes(const RowMemory& row, int64_t tokens, const PackedWeight& weight,
                                 Activation activation, const ByteProducts::Before& before) const {
  const auto source = byte_products_->rounded(row.source, tokens, weight.inputs(), before);
  return source && byte_products_->multiply(*source, row, weight, activation);
}

std::optional<std::vector<Tensor>> Products::norm_linear(const Tensor& x, const TokenNorm& norm,
                                                         const std::vector<LinearLayer>& layers) const {
  std::vector<LinearCall> calls;
  for (const LinearLayer& layer : layers) {
    const auto call = linear_call(x, layer.weight, layer.epilogue);
    if (!call || !call->weight.rounding()) return std::nullopt;
    calls.push_back(*call);
  }
  const Tensor source = x.contiguous();
  const int64_t width = x.size(-1), tokens = x.numel() / x.size(0) / width;
  const auto row = [&](const LinearCall& call, int64_t b) { return row_of(source, call.residual, call.result, b); };
  const auto before = [&](const char* from, int64_t count, char* to) {
    kernels_->layer_norm(from, to, count, width, norm.scale.data_ptr<float>(), norm.shift.data_ptr<float>(),
                         static_cast<float>(norm.eps));
  };
  const bool done = rows_in_bytes_or_else(
      x.size(0), /*may_be_in_bytes=*/true,
      [&](int64_t b) {
        const auto rounded = byte_products_->rounded(row(calls[0], b).source, tokens, width, before);
        return rounded && std::all_of(calls.begin(), calls.end(), [&](const LinearCall& call) {
                 return byte_products_->multiply(*rounded, row(call, b), call.weight, call.activation);
               });
      },
      [&](int64_t b) {
        const Tensor normed = layer_norm(*kernels_, source.narrow(0, b, 1), norm);
        return std::all_of(calls.begin(), calls.end(), [&](const LinearCall& call) {
          const RowMemory memory = {static_cast<const char*>(normed.data_ptr()), row(call, b).residual,
                                    row(call, b).result};
          return row_products_.multiply(memory, tokens, call.weight, call.activation);
        });
      });
  if (!done) return std::nullopt;
  std::vector<Tensor> results;
  for (const LinearCall& call : calls) results.push_back(call.result);
  return results;
}

std::optional<Tensor> Products::conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                                       const Epilogue& epilogue, const NormBefore* norm) const {
  const PackedWeight* weight = packed(x, w);
  if (!weight || x.dim() != 4 || weight->shape().size() != 4 || x.size(1) != weight->inputs()) return std::nullopt;
  if (weight->is_product() != is_pointwise(weight->shape(), shape) || epilogue.activation == Activation::geglu)
    return std::nullopt;
  const BandedConvolution size = BandedConvolution::of(x.size(2), x.size(3), *weight, shape);
  if (x.size(2) + 2 * shape.padding < size.kernel_height || x.size(3) + 2 * shape.padding < size.kernel_width)
    return std::nullopt;
  const std::vector<int64_t> sizes = {x.size(0), weight->outputs(), size.lines(), size.pixels()};
  if (epilogue.residual && !is_like(*epilogue.residual, sizes, dtype_)) return std::nullopt;
  const Tensor source = x.contiguous(kChannelsLast);
  const Tensor result = empty_result(sizes, dtype_, kChannelsLast);
  const Tensor residual = epilogue.residual ? epilogue.residual->contiguous(kChannelsLast) : Tensor();
  const auto row = [&](int64_t b) { return row_of(source, residual, result, b); };
  const auto norm_of = [&](int64_t b, const Int8Kernels* extremes) {
    if (!norm) return std::optional<MapNorm>();
    const float* added = norm->added.defined() ? norm->added.data_ptr<float>() + b * x.size(1) : nullptr;
    return std::optional(
        map_norm(*kernels_, extremes, row(b).source, x.size(2) * x.size(3), dtype_, norm->parameters, added));
  };
  const bool done = rows_in_bytes_or_else(
      x.size(0), weight->rounding().has_value(),
      [&](int64_t b) {
        const auto map = norm_of(b, weight->is_product() ? nullptr : &byte_products_->kernels());
        return convolve_in_bytes(row(b), size, *weight, epilogue.activation, map ? &*map : nullptr);
      },
      [&](int64_t b) {
        const auto map = norm_of(b, nullptr);
        return row_products_.convolve(row(b), size, *weight, epilogue.activation, map ? &*map : nullptr);
      });
  return done ? std::optional(result) : std::nullopt;
}

bool Products::convolve_in_bytes(const RowMemory& row, const BandedConvolution& size, const PackedWeight& weight,
                                 Activation activation, const MapNorm* norm) const {
  if (!weight.is_product()) return byte_products_->convolve(row, size, weight, activation, norm);
  ByteProducts::Before before;
  if (norm)
    before = [&](const char* from, int64_t pixels, char* to) {
      kernels_->scale_and_shift(from, to, pixels, size.in, norm->factor(), norm->offset(), norm->silu);
    };
  return multiply_in_bytes(row, size.height * size.width, weight, activation, before);
}

std::optional<Tensor> Products::upsample_conv2d(const Tensor& x, const PreparedWeight& w) const {
  const auto* weight = dynamic_cast<const UpsamplingWeight*>(&w);
  if (!weight || x.dim() != 4 || x.numel() == 0 || x.scalar_type() != dtype_) return std::nullopt;
  const PackedWeight& quarter = weight->of(0, 0);
  if (x.size(1) != quarter.inputs()) return std::nullopt;
  const int64_t height = x.size(2), width = x.size(3);
  const Tensor source = x.contiguous(kChannelsLast);
  const Tensor result = empty_result({x.size(0), quarter.outputs(), 2 * height, 2 * width}, dtype_, kChannelsLast);
  const auto row = [&](int64_t b) { return row_of(source, {}, result, b); };
  const bool done = rows_in_bytes_or_else(
      x.size(0), weight->is_rounded(),
      [&](int64_t b) { return byte_products_->upsample(row(b), height, width, *weight); },
      [&](int64_t b) { return row_products_.upsample(row(b), height, width, *weight); });
  return done ? std::optional(result) : std::nullopt;
}

}  // namespace alice::onednn
