#include "plugins/backends/onednn/banded_convolution.h"

#include <ATen/Parallel.h>

#include <cstring>

namespace alice::onednn {

int64_t task_of(int64_t count, int64_t most) {
  const auto parts_of = [](int64_t all, int64_t each) { return (all + each - 1) / each; };
  const int64_t threads = at::get_num_threads(), tasks = parts_of(parts_of(count, most), threads) * threads;
  // A few tasks more, where that makes all alike: a shorter one would need a primitive of its own.
  for (int64_t more = tasks; more < 2 * tasks; more += threads)
    if (count % more == 0) return count / more;
  return parts_of(count, tasks);
}

BandedConvolution BandedConvolution::of(int64_t height, int64_t width, const PackedWeight& weight,
                                        const Conv2dShape& shape) {
  return {height,       width,        weight.inputs(), weight.outputs(), weight.shape()[2], weight.shape()[3],
          shape.stride, shape.padding};
}

void BandedConvolution::cut(int64_t most) { each = task_of(lines(), std::max<int64_t>(1, most)); }

RowPrimitivePtr BandedConvolution::primitive(const PrimitiveCache& cache, int64_t lines, at::ScalarType dtype,
                                             bool has_bias, Activation activation, bool has_residual) const {
  return cache.find(
      {PrimitiveKey::Kind::convolution,
       {in, lines_read(lines), width + 2 * padding, out, kernel_height, kernel_width, stride, /*padding=*/0},
       dtype,
       has_bias,
       activation,
       has_residual,
       /*threads=*/1});
}

BandedConvolution::Primitives BandedConvolution::primitives(const PrimitiveCache& cache, int64_t strip,
                                                            at::ScalarType dtype, bool has_bias, Activation activation,
                                                            bool has_residual) const {
  const auto made = [&](int64_t lines) { return primitive(cache, lines, dtype, has_bias, activation, has_residual); };
  const int64_t rest = lines() % each % strip;
  const RowPrimitivePtr whole = made(strip);
  return {whole, rest > 0 ? made(rest) : whole};
}

void BandedConvolution::take(int64_t task, int64_t element, int border, char* to,
                             const std::function<void(int64_t line, char* to)>& fill) const {
  const int64_t begin = first(task) * stride - padding, end = begin + lines_read(count(task));
  const auto side = static_cast<size_t>(padding * in * element), inner = static_cast<size_t>(width * in * element);
  for (int64_t line = begin; line < end; ++line, to += 2 * side + inner) {
    if (line < 0 || line >= height) {
      std::memset(to, border, 2 * side + inner);
      continue;
    }
    std::memset(to, border, side);
    fill(line, to + side);
    std::memset(to + side + inner, border, side);
  }
}

}  // namespace alice::onednn
