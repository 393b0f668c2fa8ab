#include "plugins/backends/onednn/map_norm.h"

#include <algorithm>
#include <cmath>

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"

namespace alice::onednn {
namespace {

constexpr int64_t kTaskElements = 16384;  // 64 KB of float32

/// Of each channel of one picture's map: what all pixels came to, tasks joined as by Chan, Golub and LeVeque 1979.
class ChannelStatistics {
 public:
  ChannelStatistics(int64_t pixels, int64_t channels)
      : pixels_(pixels),
        channels_(channels),
        task_pixels_(std::max<int64_t>(1, kTaskElements / channels)),
        tasks_((pixels + task_pixels_ - 1) / task_pixels_),
        partial_(at::empty({tasks_, 4, channels}, at::kFloat)) {}

  void gather(const FusedKernels& kernels, const Int8Kernels* extremes, const char* map, int64_t pixel_bytes) {
    each_task(tasks_, [&](int64_t task) {
      const char* from = map + task * task_pixels_ * pixel_bytes;
      kernels.channel_moments(from, count(task), channels_, row(task, kMeans), row(task, kSpreads));
      if (extremes) extremes->channel_extremes(from, count(task), channels_, row(task, kLowest), row(task, kHighest));
    });
  }

  struct Channel {
    double mean = 0, spread = 0;  // spread: the sum of squared differences from the mean
  };
  std::vector<Channel> channels() const {
    std::vector<Channel> result(static_cast<size_t>(channels_));
    double before = 0;  // pixels
    for (int64_t task = 0; task < tasks_; ++task) {
      const double added = static_cast<double>(count(task)), share = added / (before + added);
      const float *means = row(task, kMeans), *spreads = row(task, kSpreads);
      for (Channel& channel : result) {
        const double difference = *means++ - channel.mean;
        channel.mean += difference * share;
        channel.spread += *spreads++ + difference * difference * before * share;
      }
      before += added;
    }
    return result;
  }

  struct Range {
    float lowest, highest;
  };
  Range range(int64_t channel) const {
    Range result = {row(0, kLowest)[channel], row(0, kHighest)[channel]};
    for (int64_t task = 1; task < tasks_; ++task)
      result = {std::min(result.lowest, row(task, kLowest)[channel]),
                std::max(result.highest, row(task, kHighest)[channel])};
    return result;
  }

 private:
  enum Row { kMeans, kSpreads, kLowest, kHighest };
  int64_t count(int64_t task) const { return std::min(task_pixels_, pixels_ - task * task_pixels_); }
  float* row(int64_t task, Row which) const { return partial_.data_ptr<float>() + (task * 4 + which) * channels_; }

  int64_t pixels_, channels_, task_pixels_, tasks_;
  Tensor partial_;  // float32 [tasks, 4, C]
};

/// Joins the channels of each group, likewise.
void fill_factors(const std::vector<ChannelStatistics::Channel>& channels, int64_t pixels,
                  const NormParameters& parameters, const float* added, float* factor, float* offset) {
  const size_t each = channels.size() / static_cast<size_t>(parameters.groups);
  const double count = static_cast<double>(pixels), width = static_cast<double>(each);
  const auto mean_of = [&](size_t c) { return channels[c].mean + (added ? added[c] : 0); };
  for (size_t first = 0; first < channels.size(); first += each) {
    double mean = 0, spread = 0;
    for (size_t c = first; c < first + each; ++c) mean += mean_of(c) / width;
    for (size_t c = first; c < first + each; ++c)
      spread += channels[c].spread + count * (mean_of(c) - mean) * (mean_of(c) - mean);
    const double inverse = 1 / std::sqrt(spread / (count * width) + parameters.eps);
    for (size_t c = first; c < first + each; ++c) {
      const double scale = inverse * parameters.scale.data_ptr<float>()[c];
      factor[c] = static_cast<float>(scale);
      offset[c] = static_cast<float>(parameters.shift.data_ptr<float>()[c] + ((added ? added[c] : 0) - mean) * scale);
    }
  }
}

float silu(float x) { return x / (1 + std::exp(-x)); }

/// SiLU falls up to here, and rises after it.
constexpr float kSiluTurn = -1.2784645f, kSiluLowest = -0.2784646f;

/// Widens norm.lowest and highest to what a channel's numbers between these become.
void widen(MapNorm& norm, ChannelStatistics::Range range, int64_t channel) {
  const float factor = norm.factor()[channel], offset = norm.offset()[channel];
  float low = range.lowest * factor + offset, high = range.highest * factor + offset;
  if (low > high) std::swap(low, high);
  if (norm.silu) {
    const bool turns = low < kSiluTurn && high > kSiluTurn;
    const float ends[] = {silu(low), silu(high)};
    low = turns ? kSiluLowest : std::min(ends[0], ends[1]);
    high = std::max(ends[0], ends[1]);
  }
  norm.lowest = std::min(norm.lowest, low);
  norm.highest = std::max(norm.highest, high);
}

}  // namespace

MapNorm map_norm(const FusedKernels& kernels, const Int8Kernels* extremes, const char* map, int64_t pixels,
                 at::ScalarType dtype, const NormParameters& parameters, const float* added) {
  const int64_t channels = parameters.scale.numel();
  ChannelStatistics statistics(pixels, channels);
  statistics.gather(kernels, extremes, map, channels * static_cast<int64_t>(c10::elementSize(dtype)));
  MapNorm norm = {at::empty({2, channels}, at::kFloat), parameters.silu};
  fill_factors(statistics.channels(), pixels, parameters, added, norm.factors.data_ptr<float>(),
               norm.factors.data_ptr<float>() + channels);
  if (extremes)
    for (int64_t c = 0; c < channels; ++c) widen(norm, statistics.range(c), c);
  return norm;
}

Tensor applied(const FusedKernels& kernels, const MapNorm& norm, const char* map, int64_t pixels,
               at::ScalarType dtype) {
  const Tensor result = empty_result({pixels, norm.factors.size(1)}, dtype);
  apply(kernels, norm, map, pixels, static_cast<int64_t>(c10::elementSize(dtype)),
        static_cast<char*>(result.data_ptr()));
  return result;
}

void apply(const FusedKernels& kernels, const MapNorm& norm, const char* map, int64_t pixels, int64_t element,
           char* to) {
  const int64_t channels = norm.factors.size(1), pixel_bytes = channels * element;
  const int64_t task_pixels = std::max<int64_t>(1, kTaskElements / channels);
  each_task((pixels + task_pixels - 1) / task_pixels, [&](int64_t task) {
    const int64_t first = task * task_pixels;
    kernels.scale_and_shift(map + first * pixel_bytes, to + first * pixel_bytes, std::min(task_pixels, pixels - first),
                            channels, norm.factor(), norm.offset(), norm.silu);
  });
}

}  // namespace alice::onednn
