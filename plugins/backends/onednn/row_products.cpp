#include "plugins/backends/onednn/row_products.h"

#include <ATen/Parallel.h>

#include <cstring>

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"

namespace alice::onednn {
namespace {

// Tokens of one product before it is gated: what is gated is then still in the cache (10 MB of SD 1.5's widest layer in
// float32), and the weights are read once for many tokens.
constexpr int64_t kGatedTokens = 256;
constexpr int64_t kTokensPerTask = 16;

// What a thread takes of a map at once. More than a core's second cache, for fewer lines would be read twice too often.
constexpr int64_t kBandBytes = int64_t{1} << 20;
constexpr int64_t kLeastLines = 4;

const float* bias_of(const PackedWeight& weight) {
  return weight.bias_float().defined() ? weight.bias_float().data_ptr<float>() : nullptr;
}

int64_t lines_of(const BandedConvolution& bands, int64_t element) {
  return std::max(kLeastLines, kBandBytes / (bands.line_elements() * element));
}

/// Bands pay where the map is what fills the caches, not the weight, which each thread reads as a whole.
bool is_for_bands(const BandedConvolution& size) {
  return size.height * size.width > size.out * size.kernel_height * size.kernel_width;
}

}  // namespace

RowPrimitivePtr RowProducts::product(int64_t tokens, const PackedWeight& weight, Activation activation,
                                     bool has_residual) const {
  return cache_.find({PrimitiveKey::Kind::product,
                      {tokens, weight.inputs(), weight.outputs()},
                      dtype_,
                      weight.bias_float().defined(),
                      activation,
                      has_residual,
                      at::get_num_threads()});
}

bool RowProducts::multiply(const RowMemory& row, int64_t tokens, const PackedWeight& weight,
                           Activation activation) const {
  if (activation == Activation::geglu) return multiply_and_gate(row, tokens, weight);
  const RowPrimitivePtr primitive = product(tokens, weight, activation, row.residual != nullptr);
  if (!primitive) return false;
  run(*primitive, weight, bias_of(weight), row.source, row.residual, row.result);
  return true;
}

bool RowProducts::multiply_and_gate(const RowMemory& row, int64_t tokens, const PackedWeight& weight) const {
  const int64_t width = weight.outputs() / 2, block = std::min(tokens, kGatedTokens), rest = tokens % block;
  const RowPrimitivePtr whole = product(block, weight, Activation::none, false),
                        last = rest > 0 ? product(rest, weight, Activation::none, false) : whole;
  if (!kernels_ || !whole || !last) return false;
  const Tensor halves = empty_result({block, 2 * width}, dtype_);
  const char* const products = static_cast<const char*>(halves.data_ptr());
  for (int64_t first = 0; first < tokens; first += block) {
    const int64_t count = std::min(block, tokens - first);
    run(count == block ? *whole : *last, weight, bias_of(weight), row.source + first * weight.inputs() * element_,
        nullptr, halves.data_ptr());
    char* gated = row.result + first * width * element_;
    each_task((count + kTokensPerTask - 1) / kTokensPerTask, [&](int64_t task) {
      const int64_t at = task * kTokensPerTask;
      kernels_->gate(products + at * 2 * width * element_, gated + at * width * element_,
                     std::min(kTokensPerTask, count - at), width);
    });
  }
  return true;
}

bool RowProducts::convolve(const RowMemory& row, const BandedConvolution& size, const PackedWeight& weight,
                           Activation activation, const MapNorm* norm) const {
  if (!norm) return convolve_at_once(row, size, weight, activation);
  if (!weight.is_product() && is_for_bands(size) && convolve_in_bands(row, size, weight, activation, *norm))
    return true;
  const Tensor normed = applied(*kernels_, *norm, row.source, size.height * size.width, dtype_);
  return convolve_at_once({static_cast<const char*>(normed.data_ptr()), row.residual, row.result}, size, weight,
                          activation);
}

bool RowProducts::convolve_at_once(const RowMemory& row, const BandedConvolution& size, const PackedWeight& weight,
                                   Activation activation) const {
  if (weight.is_product()) return multiply(row, size.height * size.width, weight, activation);
  const RowPrimitivePtr primitive = cache_.find(
      {PrimitiveKey::Kind::convolution,
       {size.in, size.height, size.width, size.out, size.kernel_height, size.kernel_width, size.stride, size.padding},
       dtype_,
       weight.bias_float().defined(),
       activation,
       row.residual != nullptr,
       at::get_num_threads()});
  if (!primitive) return false;
  const int64_t line_bytes = size.pixels() * size.out * element_;
  if (row.residual)  // the convolution adds to what is there
    each_task(size.lines(), [&](int64_t line) {
      std::memcpy(row.result + line * line_bytes, row.residual + line * line_bytes, static_cast<size_t>(line_bytes));
    });
  run(*primitive, weight, bias_of(weight), row.source, nullptr, row.result);
  return true;
}

bool RowProducts::convolve_in_bands(const RowMemory& row, BandedConvolution bands, const PackedWeight& weight,
                                    Activation activation, const MapNorm& norm) const {
  bands.cut(lines_of(bands, element_));
  const auto primitives =
      bands.primitives(cache_, bands.each, dtype_, weight.bias_float().defined(), activation, row.residual != nullptr);
  if (!primitives) return false;
  const int64_t line_bytes = bands.width * bands.in * element_, written = bands.pixels() * bands.out * element_;
  each_task(bands.tasks(), [&](int64_t task) {
    const int64_t first = bands.first(task), lines = bands.count(task);
    char* const source = static_cast<char*>(thread_scratch(Scratch::task, bands.scratch_bytes(element_)));
    bands.take(task, element_, 0, source, [&](int64_t line, char* to) {
      kernels_->scale_and_shift(row.source + line * line_bytes, to, bands.width, bands.in, norm.factor(), norm.offset(),
                                norm.silu);
    });
    char* const result = row.result + first * written;
    if (row.residual) std::memcpy(result, row.residual + first * written, static_cast<size_t>(lines * written));
    run(lines == bands.each ? *primitives.whole : *primitives.last, weight, bias_of(weight), source, nullptr, result);
  });
  return true;
}

bool RowProducts::upsample(const RowMemory& row, int64_t height, int64_t width, const UpsamplingWeight& weight) const {
  BandedUpsampling upsampling(height, width, weight);
  BandedConvolution& bands = upsampling.bands;
  bands.cut(lines_of(bands, element_));
  const auto primitives = upsampling.primitives(cache_, dtype_, weight.of(0, 0).bias_float().defined());
  if (!primitives) return false;
  const int64_t line_bytes = width * bands.in * element_, pixel = bands.out * element_;
  const int64_t source_bytes = bands.scratch_bytes(element_), column_bytes = bands.each * upsampling.columns() * pixel;
  each_task(bands.tasks(), [&](int64_t task) {
    const int64_t lines = bands.count(task);
    char* const source = static_cast<char*>(thread_scratch(Scratch::task, source_bytes + 2 * column_bytes));
    bands.take(task, element_, 0, source, [&](int64_t line, char* to) {
      std::memcpy(to, row.source + line * line_bytes, static_cast<size_t>(line_bytes));
    });
    for (const int line : {0, 1}) {
      char* const columns[] = {source + source_bytes, source + source_bytes + column_bytes};
      for (const int column : {0, 1}) {
        const PackedWeight& quarter = weight.of(line, column);
        run(lines == bands.each ? *primitives.whole : *primitives.last, quarter, bias_of(quarter),
            source + upsampling.source_offset(line) * element_, nullptr, columns[column]);
      }
      upsampling.interleave(columns[0], columns[1], lines, pixel, line,
                            row.result + bands.first(task) * 4 * width * pixel);
    }
  });
  return true;
}

}  // namespace alice::onednn
