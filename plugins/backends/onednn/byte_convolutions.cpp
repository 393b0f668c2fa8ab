// ByteProducts of maps.

#include <cstring>
#include <numeric>

#include "plugins/backends/onednn/byte_products.h"
#include "plugins/backends/onednn/byte_rounding.h"
#include "plugins/backends/onednn/parallel.h"

namespace alice::onednn {
namespace {

constexpr int64_t kTaskElements = 16384;
// Lines of the result that a task has at least, where there are as many: the lines at its edges are rounded twice.
constexpr int64_t kLeastLines = 8;

/// From the lowest number to the highest, 0 among them, in 256 steps. Of a map of zeros, which are_little() refuses,
/// they mean nothing.
struct MapSteps {
  static constexpr int kMost = 255;
  float step, factor;
  int zero;
  MapSteps(float lowest, float highest)
      : step((highest - lowest) / kMost),
        factor(kMost / (highest - lowest)),
        zero(static_cast<int>(std::lrint(-lowest * factor))) {}
  /// Of `count` numbers whose squares come to that.
  bool are_little(int64_t count, double squares) const {
    return is_little(static_cast<double>(step) * step * static_cast<double>(count), squares);
  }
};

/// Bytes of the sums of a line of `pixels`.
int64_t sum_bytes_of(int64_t pixels, int64_t out) { return pixels * out * static_cast<int64_t>(sizeof(int32_t)); }

}  // namespace

Spread ByteProducts::spread_of(const char* source, int64_t count) const {
  std::vector<Spread> parts(static_cast<size_t>((count + kTaskElements - 1) / kTaskElements));
  each_task(static_cast<int64_t>(parts.size()), [&](int64_t task) {
    const int64_t first = task * kTaskElements;
    parts[static_cast<size_t>(task)] =
        kernels_.spread(source + first * element_, std::min(kTaskElements, count - first));
  });
  Spread all;
  for (const Spread& part : parts) {
    all.lowest = std::min(all.lowest, part.lowest);
    all.highest = std::max(all.highest, part.highest);
    all.squares += part.squares;
  }
  return all;
}

bool ByteProducts::convolve(const RowMemory& row, BandedConvolution bands, const PackedWeight& weight,
                            Activation activation, const MapNorm* norm) const {
  const int64_t sum_bytes = sum_bytes_of(bands.pixels(), bands.out);
  const int64_t most = std::max<int64_t>(1, kSumBytes / sum_bytes);
  bands.cut(std::max(most, kLeastLines));
  // A task's lines are multiplied in strips, so that their sums stay near the core.
  int64_t strip = std::min(most, bands.each);
  while (bands.each % strip != 0) --strip;
  const auto primitives = bands.primitives(cache_, strip, at::kByte, false, Activation::none, false);
  if (!primitives) return false;
  const int64_t line = bands.width * bands.in, count = bands.height * line;
  const Spread spread = norm ? Spread{norm->lowest, norm->highest} : spread_of(row.source, count);
  const MapSteps steps(spread.lowest, spread.highest);
  if (!norm && !steps.are_little(count, spread.squares)) return false;
  std::vector<double> squares(static_cast<size_t>(bands.height));  // of normed lines
  const SumsOf sums_of(weight, steps.zero);
  const int64_t written = bands.pixels() * bands.out * element_;
  each_task(bands.tasks(), [&](int64_t task) {
    const int64_t first = bands.first(task), lines = bands.count(task);
    auto* const sums =
        static_cast<int32_t*>(thread_scratch(Scratch::task, strip * sum_bytes + bands.scratch_bytes(/*element=*/1)));
    auto* const bytes = reinterpret_cast<char*>(sums) + strip * sum_bytes;
    bands.take(task, /*element=*/1, steps.zero, bytes, [&](int64_t at, char* to) {
      const char* from = row.source + at * line * element_;
      auto* rounded = reinterpret_cast<uint8_t*>(to);
      if (!norm) return kernels_.to_bytes(from, rounded, line, steps.factor, steps.zero);
      const float sum = kernels_.norm_to_bytes(from, rounded, bands.width, bands.in, norm->factor(), norm->offset(),
                                               norm->silu, steps.factor, steps.zero);
      if (bands.owns(task, at)) squares[static_cast<size_t>(at)] = sum;
    });
    for (int64_t at = 0; at < lines; at += strip) {
      const int64_t some = std::min(strip, lines - at), place = (first + at) * written;
      run(some == strip ? *primitives.whole : *primitives.last, weight, nullptr,
          bytes + at * bands.stride * bands.line_elements(), nullptr, sums);
      kernels_.from_sums(sums, some * bands.pixels(), bands.out, sums_of.scales(&steps.step, 0), curve_of(activation),
                         row.residual ? row.residual + place : nullptr, row.result + place);
    }
  });
  return !norm || steps.are_little(count, std::accumulate(squares.begin(), squares.end(), 0.0));
}

bool ByteProducts::upsample(const RowMemory& row, int64_t height, int64_t width, const UpsamplingWeight& weight) const {
  BandedUpsampling upsampling(height, width, weight);
  BandedConvolution& bands = upsampling.bands;
  const int64_t sum_bytes = sum_bytes_of(upsampling.columns(), bands.out);
  bands.cut(kSumBytes / sum_bytes);
  const auto primitives = upsampling.primitives(cache_, at::kByte, false);
  if (!primitives) return false;
  const int64_t line = width * bands.in, count = height * line;
  const Spread spread = spread_of(row.source, count);
  const MapSteps steps(spread.lowest, spread.highest);
  if (!steps.are_little(count, spread.squares)) return false;
  const SumsOf sums_of[2][2] = {{{weight.of(0, 0), steps.zero}, {weight.of(0, 1), steps.zero}},
                                {{weight.of(1, 0), steps.zero}, {weight.of(1, 1), steps.zero}}};
  const int64_t pixel = bands.out * element_, column_bytes = bands.each * upsampling.columns() * pixel;
  each_task(bands.tasks(), [&](int64_t task) {
    const int64_t lines = bands.count(task);
    auto* const sums = static_cast<int32_t*>(
        thread_scratch(Scratch::task, bands.each * sum_bytes + 2 * column_bytes + bands.scratch_bytes(/*element=*/1)));
    char* const columns[] = {reinterpret_cast<char*>(sums) + bands.each * sum_bytes,
                             reinterpret_cast<char*>(sums) + bands.each * sum_bytes + column_bytes};
    auto* const bytes = columns[1] + column_bytes;
    bands.take(task, /*element=*/1, steps.zero, bytes, [&](int64_t at, char* to) {
      kernels_.to_bytes(row.source + at * line * element_, reinterpret_cast<uint8_t*>(to), line, steps.factor,
                        steps.zero);
    });
    for (const int result_line : {0, 1}) {
      for (const int column : {0, 1}) {
        run(lines == bands.each ? *primitives.whole : *primitives.last, weight.of(result_line, column), nullptr,
            bytes + upsampling.source_offset(result_line), nullptr, sums);
        kernels_.from_sums(sums, lines * upsampling.columns(), bands.out,
                           sums_of[result_line][column].scales(&steps.step, 0), Curve::none, nullptr, columns[column]);
      }
      upsampling.interleave(columns[0], columns[1], lines, pixel, result_line,
                            row.result + bands.first(task) * 4 * width * pixel);
    }
  });
  return true;
}

}  // namespace alice::onednn
