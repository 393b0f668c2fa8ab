#include "plugins/backends/onednn/norms.h"

#include <cmath>

#include "plugins/backends/onednn/parallel.h"
#include "plugins/backends/onednn/result_memory.h"

namespace alice::onednn {
namespace {

constexpr int64_t kTaskElements = 16384;  // 64 KB of float32

/// Channel means and variances of one picture's map, joined to those of its groups (Chan, Golub and LeVeque 1979), and
/// turned into one factor and one offset a channel.
struct GroupStatistics {
  int64_t pixels, channels, groups;
  double eps;
  const float *pivot, *scale, *shift;

  /// partial: for each task its sums, then its squares, [channels] each. factor, offset [channels].
  void fold(const float* partial, int64_t tasks, float* factor, float* offset) const {
    std::vector<double> sums(static_cast<size_t>(channels)), squares(sums);
    for (int64_t task = 0; task < tasks; ++task, partial += 2 * channels)
      for (int64_t c = 0; c < channels; ++c) sums[c] += partial[c], squares[c] += partial[channels + c];
    const int64_t each = channels / groups;
    const double count = static_cast<double>(pixels);
    for (int64_t first = 0; first < channels; first += each) {
      double mean = 0, spread = 0;
      for (int64_t c = first; c < first + each; ++c) mean += (pivot[c] + sums[c] / count) / static_cast<double>(each);
      for (int64_t c = first; c < first + each; ++c) {
        const double own = pivot[c] + sums[c] / count;
        spread += squares[c] - sums[c] * sums[c] / count + count * (own - mean) * (own - mean);
      }
      const double inverse = 1 / std::sqrt(spread / (count * static_cast<double>(each)) + eps);
      for (int64_t c = first; c < first + each; ++c) {
        factor[c] = static_cast<float>(inverse * scale[c]);
        offset[c] = static_cast<float>(shift[c] - mean * inverse * scale[c]);
      }
    }
  }
};

}  // namespace

Tensor group_norm(const FusedKernels& kernels, const Tensor& x, int64_t groups, const Tensor& scale,
                  const Tensor& shift, double eps, bool silu) {
  const Tensor source = x.contiguous(at::MemoryFormat::ChannelsLast);
  const Tensor result = empty_result(x.sizes(), x.scalar_type(), at::MemoryFormat::ChannelsLast);
  const int64_t channels = x.size(1), pixels = x.size(2) * x.size(3);
  const int64_t task_pixels = std::max<int64_t>(1, kTaskElements / channels);
  const int64_t tasks = (pixels + task_pixels - 1) / task_pixels;
  const int64_t pixel_bytes = channels * static_cast<int64_t>(x.element_size());
  const Tensor partial = at::empty({tasks, 2, channels}, at::kFloat), folded = at::empty({2, channels}, at::kFloat);
  float *factor = folded.data_ptr<float>(), *offset = factor + channels;
  for (int64_t b = 0; b < x.size(0); ++b) {
    const char* from = static_cast<const char*>(source.data_ptr()) + b * pixels * pixel_bytes;
    char* to = static_cast<char*>(result.data_ptr()) + b * pixels * pixel_bytes;
    const Tensor pivot = source.select(0, b).flatten(1).select(1, 0).to(at::kFloat).contiguous();  // its first pixel
    const auto count_of = [&](int64_t task) { return std::min(task_pixels, pixels - task * task_pixels); };
    each_task(tasks, [&](int64_t task) {
      float* sums = partial.data_ptr<float>() + task * 2 * channels;
      kernels.channel_sums(from + task * task_pixels * pixel_bytes, count_of(task), channels, pivot.data_ptr<float>(),
                           sums, sums + channels);
    });
    GroupStatistics{
        pixels, channels, groups, eps, pivot.data_ptr<float>(), scale.data_ptr<float>(), shift.data_ptr<float>()}
        .fold(partial.data_ptr<float>(), tasks, factor, offset);
    each_task(tasks, [&](int64_t task) {
      const int64_t at = task * task_pixels * pixel_bytes;
      kernels.scale_and_shift(from + at, to + at, count_of(task), channels, factor, offset, silu);
    });
  }
  return result;
}

Tensor layer_norm(const FusedKernels& kernels, const Tensor& x, const Tensor& scale, const Tensor& shift, double eps) {
  const Tensor source = x.contiguous();
  const Tensor result = empty_result(x.sizes(), x.scalar_type());
  const int64_t width = x.size(-1), tokens = x.numel() / width;
  const int64_t task_tokens = std::max<int64_t>(1, kTaskElements / width);
  const int64_t token_bytes = width * static_cast<int64_t>(x.element_size());
  each_task((tokens + task_tokens - 1) / task_tokens, [&](int64_t task) {
    const int64_t first = task * task_tokens;
    kernels.layer_norm(static_cast<const char*>(source.data_ptr()) + first * token_bytes,
                       static_cast<char*>(result.data_ptr()) + first * token_bytes,
                       std::min(task_tokens, tokens - first), width, scale.data_ptr<float>(), shift.data_ptr<float>(),
                       static_cast<float>(eps));
  });
  return result;
}

}  // namespace alice::onednn
