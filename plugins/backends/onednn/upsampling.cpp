#include "plugins/backends/onednn/upsampling.h"

#include <algorithm>
#include <cstring>

#include "plugins/backends/onednn/weight_memory.h"

namespace alice::onednn {
namespace {

struct Taps {
  int64_t first, count;
};
/// The taps of 3 that meet pixel 0 or 1 of the two that a line (or column) of the result sees: an even one sees the
/// pixel before and its own, twice; an odd one its own, twice, and the one after.
Taps taps_of(bool is_odd, int64_t pixel) {
  if (is_odd) return pixel == 0 ? Taps{0, 2} : Taps{2, 1};
  return pixel == 0 ? Taps{0, 1} : Taps{1, 2};
}

/// weight [out, in, 3, 3] -> float32 [out, in, 2, 2].
Tensor joined(const Tensor& weight, bool is_odd_line, bool is_odd_column) {
  const Tensor result = weight_memory({weight.size(0), weight.size(1), 2, 2}, at::kFloat);
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 2; ++j) {
      const Taps lines = taps_of(is_odd_line, i), columns = taps_of(is_odd_column, j);
      const Tensor sum = result.select(3, j).select(2, i);
      sum.zero_();
      for (int64_t line = lines.first; line < lines.first + lines.count; ++line)
        for (int64_t column = columns.first; column < columns.first + columns.count; ++column)
          sum.add_(weight.select(3, column).select(2, line).to(at::kFloat));
    }
  return result;
}

}  // namespace

UpsamplingWeight::UpsamplingWeight(const Tensor& weight, Tensor bias, const Prepare& prepare)
    : PreparedWeight({}, std::move(bias)) {
  for (const bool line : {false, true})
    for (const bool column : {false, true})
      quarters_[static_cast<size_t>(2 * line + column)] = prepare(joined(weight, line, column));
}

Tensor UpsamplingWeight::weight() const {
  std::vector<Tensor> all;
  for (const auto& quarter : quarters_) all.push_back(quarter->weight());
  return at::stack(all);
}

bool UpsamplingWeight::is_rounded() const {
  return std::all_of(quarters_.begin(), quarters_.end(),
                     [](const auto& quarter) { return quarter->rounding().has_value(); });
}

Tensor upsampled(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const Tensor bordered = at::constant_pad_nd(x, {1, 1, 1, 1});
  std::vector<Tensor> quarters;
  for (int64_t i = 0; i < 4; ++i) {
    const Tensor source = bordered.narrow(2, i / 2, x.size(2) + 1).narrow(3, i % 2, x.size(3) + 1);
    quarters.push_back(at::conv2d(source, weight[i], bias));
  }
  const Tensor all = at::stack(quarters, 2);  // [B, out, 4, H, W]
  return at::pixel_shuffle(all.flatten(1, 2), 2);
}

BandedUpsampling::BandedUpsampling(int64_t height, int64_t width, const UpsamplingWeight& weight)
    : bands{height, width, weight.of(0, 0).inputs(), weight.of(0, 0).outputs(), 3, 3, 1, 1} {}

BandedConvolution::Primitives BandedUpsampling::primitives(const PrimitiveCache& cache, at::ScalarType dtype,
                                                           bool has_bias) const {
  BandedConvolution quarter = bands;
  quarter.kernel_height = quarter.kernel_width = 2;
  const auto made = [&](int64_t lines) {
    return quarter.primitive(cache, lines, dtype, has_bias, Activation::none, /*has_residual=*/false);
  };
  const int64_t rest = bands.lines() % bands.each;
  const RowPrimitivePtr whole = made(bands.each);
  return {whole, rest > 0 ? made(rest) : whole};
}

void BandedUpsampling::interleave(const char* even, const char* odd, int64_t lines, int64_t pixel, int line,
                                  char* to) const {
  const auto bytes = static_cast<size_t>(pixel);
  for (int64_t i = 0; i < lines; ++i) {
    char* at = to + (2 * i + line) * 2 * bands.width * pixel;
    const char *left = even + i * columns() * pixel, *right = odd + (i * columns() + 1) * pixel;
    for (int64_t column = 0; column < bands.width; ++column, left += pixel, right += pixel, at += 2 * pixel) {
      std::memcpy(at, left, bytes);
      std::memcpy(at + pixel, right, bytes);
    }
  }
}

}  // namespace alice::onednn
