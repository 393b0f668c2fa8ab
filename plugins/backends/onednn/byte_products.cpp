#include "plugins/backends/onednn/byte_products.h"

#include <ATen/Parallel.h>

#include <cmath>
#include <cstring>

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"

namespace alice::onednn {
namespace {

constexpr int64_t kLeastTokens = 128;
constexpr int64_t kTaskElements = 16384;
// The sums of a task, between the product and the pass that makes numbers of them: half of a core's second cache.
constexpr int64_t kSumBytes = int64_t{512} << 10;
// Fewer tokens a task would read wide weights from the shared cache more often than the products hide.
constexpr int64_t kLeastTaskTokens = 64;
constexpr float kNothing = 1e-30f;  // a token of smaller numbers is 0: 127 over them would not be finite

int64_t parts_of(int64_t count, int64_t each) { return (count + each - 1) / each; }

/// How many of `count` a task takes: at most `most`, and as many tasks as all threads have to do at once.
int64_t task_of(int64_t count, int64_t most) {
  const int64_t threads = at::get_num_threads(), tasks = parts_of(parts_of(count, most), threads) * threads;
  return parts_of(count, tasks);
}

/// Is that little enough? Rounding to the nearest of steps is off by a twelfth of a step's square in the mean.
bool is_little(double squared_steps, double squares) {
  return std::isfinite(squares) && squared_steps / 12 <= kMostRounding * kMostRounding * squares && squares > 0;
}

Curve curve_of(Activation activation) {
  switch (activation) {
    case Activation::none: return Curve::none;
    case Activation::silu: return Curve::silu;
    case Activation::gelu: return Curve::gelu;
    case Activation::quick_gelu: return Curve::quick_gelu;
    case Activation::relu: return Curve::relu;
    case Activation::geglu: return Curve::gate;
  }
  return Curve::none;
}

int64_t element_size(const PackedWeight& weight) { return static_cast<int64_t>(c10::elementSize(weight.dtype())); }

/// For a task: of one thread.
RowPrimitivePtr byte_primitive(const PrimitiveCache& cache, PrimitiveKey::Kind kind, std::vector<int64_t> sizes) {
  return cache.find({kind, std::move(sizes), at::kByte, false, Activation::none, false, 1});
}

/// shifts: int32 [out]. Keeps pointers to all that is given.
SumScales scales_of(const PackedWeight& weight, const Tensor& shifts, const float* token_scales, int64_t token_step) {
  return {shifts.data_ptr<int32_t>(), weight.rounding()->scales.data_ptr<float>(),
          weight.bias_float().defined() ? weight.bias_float().data_ptr<float>() : nullptr, token_scales, token_step};
}

}  // namespace

/// A token is 0 at byte 128 and reaches 1 or 255 where it is largest.
struct ByteProducts::RoundedTokens {
  static constexpr int kZero = 128, kMost = 127;
  Tensor bytes;   // [tokens, in]
  Tensor scales;  // float32 [tokens]
};

std::optional<ByteProducts::RoundedTokens> ByteProducts::rounded_tokens(const char* source, int64_t tokens,
                                                                        const PackedWeight& weight) const {
  const int64_t width = weight.inputs(), token_bytes = width * element_size(weight);
  const int64_t each = std::max<int64_t>(1, kTaskElements / width), tasks = parts_of(tokens, each);
  RoundedTokens result = {empty_result({tokens, width}, at::kByte), at::empty({tokens}, at::kFloat)};
  std::vector<double> squares(static_cast<size_t>(tasks)), squared_steps(squares);
  each_task(tasks, [&](int64_t task) {
    double all = 0, steps = 0;
    for (int64_t token = task * each; token < std::min(tokens, (task + 1) * each); ++token) {
      const char* from = source + token * token_bytes;
      const Spread spread = kernels_.spread(from, width);
      const float largest = std::max(-spread.lowest, spread.highest);
      const bool is_nothing = largest < kNothing;
      const float scale = is_nothing ? 0 : largest / RoundedTokens::kMost;
      kernels_.to_bytes(from, result.bytes.data_ptr<uint8_t>() + token * width, width,
                        is_nothing ? 0 : RoundedTokens::kMost / largest, RoundedTokens::kZero);
      result.scales.data_ptr<float>()[token] = scale;
      all += spread.squares;
      steps += static_cast<double>(scale) * scale * static_cast<double>(width);
    }
    squares[static_cast<size_t>(task)] = all;
    squared_steps[static_cast<size_t>(task)] = steps;
  });
  double all = 0, steps = 0;
  for (size_t task = 0; task < squares.size(); ++task) all += squares[task], steps += squared_steps[task];
  if (!is_little(steps, all)) return std::nullopt;
  return result;
}

bool ByteProducts::multiply(const RowMemory& row, int64_t tokens, const PackedWeight& weight,
                            Activation activation) const {
  if (tokens < kLeastTokens) return false;
  const int64_t in = weight.inputs(), out = weight.outputs(), sum_bytes = out * static_cast<int64_t>(sizeof(int32_t));
  const int64_t each = task_of(tokens, std::max(kLeastTaskTokens, kSumBytes / sum_bytes)), rest = tokens % each;
  const auto primitive = [&](int64_t count) {
    return byte_primitive(cache_, PrimitiveKey::Kind::product, {count, in, out});
  };
  const RowPrimitivePtr whole = primitive(each), last = rest > 0 ? primitive(rest) : whole;
  if (!whole || !last) return false;
  const auto rounded = rounded_tokens(row.source, tokens, weight);
  if (!rounded) return false;
  const Tensor shifts = weight.rounding()->sums * RoundedTokens::kZero;
  const Curve curve = curve_of(activation);
  const int64_t written = (curve == Curve::gate ? out / 2 : out) * element_size(weight);
  each_task(parts_of(tokens, each), [&](int64_t task) {
    const int64_t first = task * each, count = std::min(each, tokens - first);
    auto* sums = static_cast<int32_t*>(thread_scratch(Scratch::task, each * sum_bytes));
    run(count == each ? *whole : *last, weight, nullptr, rounded->bytes.data_ptr<uint8_t>() + first * in, nullptr,
        sums);
    kernels_.from_sums(sums, count, out, scales_of(weight, shifts, rounded->scales.data_ptr<float>() + first, 1), curve,
                       row.residual ? row.residual + first * written : nullptr, row.result + first * written);
  });
  return true;
}

Spread ByteProducts::spread_of(const char* source, int64_t count, const PackedWeight& weight) const {
  std::vector<Spread> parts(static_cast<size_t>(parts_of(count, kTaskElements)));
  each_task(static_cast<int64_t>(parts.size()), [&](int64_t task) {
    const int64_t first = task * kTaskElements;
    parts[static_cast<size_t>(task)] =
        kernels_.spread(source + first * element_size(weight), std::min(kTaskElements, count - first));
  });
  Spread all;
  for (const Spread& part : parts) {
    all.lowest = std::min(all.lowest, part.lowest);
    all.highest = std::max(all.highest, part.highest);
    all.squares += part.squares;
  }
  return all;
}

namespace {

/// From the lowest number to the highest, 0 among them, in 256 steps. Of a map of zeros, which is_little() refuses,
/// they mean nothing.
struct MapSteps {
  static constexpr int kMost = 255;
  float step, factor;
  int zero;
  explicit MapSteps(const Spread& spread)
      : step((spread.highest - spread.lowest) / kMost),
        factor(kMost / (spread.highest - spread.lowest)),
        zero(static_cast<int>(std::lrint(-spread.lowest * factor))) {}
};

/// A map with the border that a convolution pads with.
struct PaddedMap {
  int64_t height, width, channels, padding;
  int64_t line() const { return (width + 2 * padding) * channels; }

  /// Rounds lines [first, first + count) of the padded map. source: the map without its border.
  void round(const Int8Kernels& kernels, const MapSteps& steps, const char* source, int64_t element, int64_t first,
             int64_t count, uint8_t* to) const {
    const int64_t border = padding * channels, inner = width * channels;
    for (int64_t at = first - padding; at < first - padding + count; ++at, to += line()) {
      const bool is_border = at < 0 || at >= height;
      std::memset(to, steps.zero, static_cast<size_t>(is_border ? line() : border));
      if (is_border) continue;
      kernels.to_bytes(source + at * inner * element, to + border, inner, steps.factor, steps.zero);
      std::memset(to + border + inner, steps.zero, static_cast<size_t>(border));
    }
  }
};

}  // namespace

bool ByteProducts::convolve(const RowMemory& row, int64_t height, int64_t width, const PackedWeight& weight,
                            const Conv2dShape& shape, Activation activation) const {
  const int64_t out = weight.outputs(), kh = weight.shape()[2], kw = weight.shape()[3];
  const PaddedMap map = {height, width, weight.inputs(), shape.padding};
  const int64_t lines = (height + 2 * shape.padding - kh) / shape.stride + 1;
  const int64_t pixels = (width + 2 * shape.padding - kw) / shape.stride + 1;  // of a line of the result
  const int64_t sum_bytes = pixels * out * static_cast<int64_t>(sizeof(int32_t));
  const int64_t each = task_of(lines, std::max<int64_t>(1, kSumBytes / sum_bytes)), rest = lines % each;
  const auto lines_read = [&](int64_t count) { return (count - 1) * shape.stride + kh; };
  const auto primitive = [&](int64_t count) {
    return byte_primitive(
        cache_, PrimitiveKey::Kind::convolution,
        {map.channels, lines_read(count), width + 2 * shape.padding, out, kh, kw, shape.stride, /*padding=*/0});
  };
  const RowPrimitivePtr whole = primitive(each), last = rest > 0 ? primitive(rest) : whole;
  if (!whole || !last) return false;
  const Spread spread = spread_of(row.source, height * width * map.channels, weight);
  const MapSteps steps(spread);
  if (!is_little(static_cast<double>(steps.step) * steps.step * static_cast<double>(height * width * map.channels),
                 spread.squares))
    return false;
  const Tensor shifts = weight.rounding()->sums * steps.zero;
  const SumScales scales = scales_of(weight, shifts, &steps.step, 0);
  const int64_t element = element_size(weight), written = pixels * out * element;
  each_task(parts_of(lines, each), [&](int64_t task) {
    const int64_t first = task * each, count = std::min(each, lines - first);
    auto* sums = static_cast<int32_t*>(thread_scratch(Scratch::task, each * sum_bytes + lines_read(each) * map.line()));
    auto* bytes = reinterpret_cast<uint8_t*>(sums + each * pixels * out);
    map.round(kernels_, steps, row.source, element, first * shape.stride, lines_read(count), bytes);
    run(count == each ? *whole : *last, weight, nullptr, bytes, nullptr, sums);
    kernels_.from_sums(sums, count * pixels, out, scales, curve_of(activation),
                       row.residual ? row.residual + first * written : nullptr, row.result + first * written);
  });
  return true;
}

}  // namespace alice::onednn
