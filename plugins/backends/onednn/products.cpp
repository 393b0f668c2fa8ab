#include "plugins/backends/onednn/products.h"

#include <ATen/Parallel.h>

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"
#include "plugins/backends/onednn/weight_memory.h"

namespace alice::onednn {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

// Tokens of one product before it is gated: what is gated is then still in the cache (10 MB of SD 1.5's widest layer in
// float32), and the weights are read once for many tokens.
constexpr int64_t kGatedTokens = 256;
constexpr int64_t kTokensPerTask = 16;

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

/// Bytes from one row of a batch to the next, of a dense tensor.
int64_t row_bytes(const Tensor& tensor) {
  return tensor.numel() / tensor.size(0) * static_cast<int64_t>(tensor.element_size());
}
char* data_of(const Tensor& tensor) { return static_cast<char*>(tensor.data_ptr()); }

/// Row b of a batch. residual may be undefined.
RowMemory row_of(const Tensor& source, const Tensor& residual, const Tensor& result, int64_t b) {
  return {data_of(source) + b * row_bytes(source),
          residual.defined() ? data_of(residual) + b * row_bytes(residual) : nullptr,
          data_of(result) + b * row_bytes(result)};
}

const float* bias_of(const PackedWeight& weight) {
  return weight.bias_float().defined() ? weight.bias_float().data_ptr<float>() : nullptr;
}

}  // namespace

PreparedWeightPtr Products::prepare(const Tensor& weight, const Tensor& bias, bool is_product) const {
  if (byte_products_)
    if (const auto in_8_bits = rounded(weight))
      return std::make_shared<PackedWeight>(*in_8_bits, own_copy(bias, dtype_), is_product, dtype_);
  return std::make_shared<PackedWeight>(own_copy(weight, dtype_), own_copy(bias, dtype_), is_product);
}

PreparedWeightPtr Products::prepare_linear(const Tensor& weight, const Tensor& bias) const {
  return prepare(weight, bias, true);
}

PreparedWeightPtr Products::prepare_conv2d(const Tensor& weight, const Tensor& bias, const Conv2dShape& shape) const {
  return prepare(weight, bias, is_pointwise(weight.sizes(), shape));
}

const PackedWeight* Products::packed(const Tensor& x, const PreparedWeight& w) const {
  const auto* weight = dynamic_cast<const PackedWeight*>(&w);
  return weight && x.scalar_type() == dtype_ && x.numel() > 0 ? weight : nullptr;
}

RowPrimitivePtr Products::product(int64_t tokens, const PackedWeight& weight, Activation activation,
                                  bool has_residual) const {
  return cache_.find({PrimitiveKey::Kind::product,
                      {tokens, weight.inputs(), weight.outputs()},
                      dtype_,
                      weight.bias_float().defined(),
                      activation,
                      has_residual,
                      at::get_num_threads()});
}

bool Products::multiply(const Tensor& source, int64_t tokens, const PackedWeight& weight, Activation activation,
                        const Tensor& residual, const Tensor& result) const {
  for (int64_t b = 0; b < source.size(0); ++b) {
    const RowMemory row = row_of(source, residual, result, b);
    if (weight.rounding() && byte_products_->multiply(row, tokens, weight, activation)) continue;
    const RowPrimitivePtr primitive = product(tokens, weight, activation, residual.defined());
    if (!primitive) return false;
    run(*primitive, weight, bias_of(weight), row.source, row.residual, row.result);
  }
  return true;
}

bool Products::multiply_and_gate(const Tensor& source, int64_t tokens, const PackedWeight& weight,
                                 const Tensor& result) const {
  for (int64_t b = 0; b < source.size(0); ++b) {
    const RowMemory row = row_of(source, {}, result, b);
    if (weight.rounding() && byte_products_->multiply(row, tokens, weight, Activation::geglu)) continue;
    if (!gate_row(row.source, tokens, weight, row.result)) return false;
  }
  return true;
}

bool Products::gate_row(const char* source, int64_t tokens, const PackedWeight& weight, char* result) const {
  const int64_t width = weight.outputs() / 2, element = static_cast<int64_t>(c10::elementSize(dtype_));
  const int64_t block = std::min(tokens, kGatedTokens), rest = tokens % block;
  const RowPrimitivePtr whole = product(block, weight, Activation::none, false),
                        last = rest > 0 ? product(rest, weight, Activation::none, false) : whole;
  if (!whole || !last) return false;
  const Tensor halves = empty_result({block, 2 * width}, dtype_);
  for (int64_t first = 0; first < tokens; first += block) {
    const int64_t count = std::min(block, tokens - first);
    run(count == block ? *whole : *last, weight, bias_of(weight), source + first * weight.inputs() * element, nullptr,
        halves.data_ptr());
    char* gated = result + first * width * element;
    each_task((count + kTokensPerTask - 1) / kTokensPerTask, [&](int64_t task) {
      const int64_t at = task * kTokensPerTask;
      kernels_->gate(data_of(halves) + at * 2 * width * element, gated + at * width * element,
                     std::min(kTokensPerTask, count - at), width);
    });
  }
  return true;
}

std::optional<Tensor> Products::linear(const Tensor& x, const PreparedWeight& w, const Epilogue& epilogue) const {
  const PackedWeight* weight = packed(x, w);
  const bool gates = epilogue.activation == Activation::geglu;
  if (!weight || !weight->is_product() || x.dim() < 2 || x.size(-1) != weight->inputs()) return std::nullopt;
  if (gates && (!kernels_ || epilogue.residual)) return std::nullopt;
  const Tensor source = x.contiguous();
  std::vector<int64_t> shape = x.sizes().vec();
  shape.back() = gates ? weight->outputs() / 2 : weight->outputs();
  if (epilogue.residual && !is_like(*epilogue.residual, shape, dtype_)) return std::nullopt;
  const Tensor result = empty_result(shape, dtype_);
  const int64_t tokens = x.numel() / x.size(0) / weight->inputs();
  const Tensor residual = epilogue.residual ? epilogue.residual->contiguous() : Tensor();
  const bool done = gates ? multiply_and_gate(source, tokens, *weight, result)
                          : multiply(source, tokens, *weight, epilogue.activation, residual, result);
  return done ? std::optional(result) : std::nullopt;
}

std::optional<Tensor> Products::conv2d(const Tensor& x, const PreparedWeight& w, const Conv2dShape& shape,
                                       const Epilogue& epilogue) const {
  const PackedWeight* weight = packed(x, w);
  if (!weight || x.dim() != 4 || weight->shape().size() != 4 || x.size(1) != weight->inputs()) return std::nullopt;
  if (weight->is_product() != is_pointwise(weight->shape(), shape) || epilogue.activation == Activation::geglu)
    return std::nullopt;
  const int64_t kh = weight->shape()[2], kw = weight->shape()[3];
  const auto reduced = [&](int64_t size, int64_t kernel) {
    return (size + 2 * shape.padding - kernel) / shape.stride + 1;
  };
  if (x.size(2) + 2 * shape.padding < kh || x.size(3) + 2 * shape.padding < kw) return std::nullopt;
  const int64_t height = reduced(x.size(2), kh), width = reduced(x.size(3), kw);
  const std::vector<int64_t> sizes = {x.size(0), weight->outputs(), height, width};
  if (epilogue.residual && !is_like(*epilogue.residual, sizes, dtype_)) return std::nullopt;
  const Tensor source = x.contiguous(kChannelsLast);
  const Tensor result = empty_result(sizes, dtype_, kChannelsLast);
  const Tensor residual = epilogue.residual ? epilogue.residual->contiguous(kChannelsLast) : Tensor();
  const bool done = weight->is_product()
                        ? multiply(source, height * width, *weight, epilogue.activation, residual, result)
                        : convolve(source, *weight, shape, epilogue.activation, residual, result);
  return done ? std::optional(result) : std::nullopt;
}

bool Products::convolve(const Tensor& source, const PackedWeight& weight, const Conv2dShape& shape,
                        Activation activation, const Tensor& residual, const Tensor& result) const {
  const int64_t height = source.size(2), width = source.size(3);
  for (int64_t b = 0; b < source.size(0); ++b) {
    const RowMemory row = row_of(source, residual, result, b);
    if (weight.rounding() && byte_products_->convolve(row, height, width, weight, shape, activation)) continue;
    const RowPrimitivePtr primitive = cache_.find({PrimitiveKey::Kind::convolution,
                                                   {weight.inputs(), height, width, weight.outputs(), weight.shape()[2],
                                                    weight.shape()[3], shape.stride, shape.padding},
                                                   dtype_,
                                                   weight.bias_float().defined(),
                                                   activation,
                                                   residual.defined(),
                                                   at::get_num_threads()});
    if (!primitive) return false;
    // The convolution adds to what is there.
    if (residual.defined()) result.narrow(0, b, 1).copy_(residual.narrow(0, b, 1));
    run(*primitive, weight, bias_of(weight), row.source, nullptr, row.result);
  }
  return true;
}

}  // namespace alice::onednn
