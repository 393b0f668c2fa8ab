#include "core/io/resample.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace alice {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kPrecision = 22;  // bits behind the point of a weight: 32 less those of a pixel, and two to spare

double sinc(double x) { return x == 0 ? 1 : std::sin(x * kPi) / (x * kPi); }

double weight_at(Resampling how, double x) {
  if (how == Resampling::bilinear) return std::max(0.0, 1 - std::abs(x));
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

double support_of(Resampling how) { return how == Resampling::bilinear ? 1 : 3; }

/// What one pixel of the result is made of.
struct Window {
  int64_t begin = 0;
  std::vector<int32_t> weights;  // in 2^-22
};

std::vector<Window> windows(int64_t from, int64_t to, Resampling how) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), stretch = std::max(scale, 1.0);
  const double support = support_of(how) * stretch;
  std::vector<Window> all(static_cast<size_t>(to));
  for (int64_t i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale;
    const int64_t begin = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
    const int64_t end = std::min(from, static_cast<int64_t>(centre + support + 0.5));
    std::vector<double> weights;
    double sum = 0;
    for (int64_t k = begin; k < end; ++k) {
      weights.push_back(weight_at(how, (static_cast<double>(k) - centre + 0.5) * (1 / stretch)));
      sum += weights.back();
    }
    Window& window = all[static_cast<size_t>(i)];
    window.begin = begin;
    for (double weight : weights) {
      const double fixed = (sum != 0 ? weight / sum : weight) * (1 << kPrecision);
      window.weights.push_back(static_cast<int32_t>(fixed < 0 ? fixed - 0.5 : fixed + 0.5));
    }
  }
  return all;
}

/// Along the middle dimension of [outer, from, inner].
Tensor resample_middle(const Tensor& picture, int64_t to, Resampling how) {
  const int64_t outer = picture.size(0), from = picture.size(1), inner = picture.size(2);
  const std::vector<Window> all = windows(from, to, how);
  Tensor result = at::empty({outer, to, inner}, at::kByte);
  const auto* in = picture.data_ptr<uint8_t>();
  auto* out = result.data_ptr<uint8_t>();
  std::vector<int32_t> sums(static_cast<size_t>(inner));
  for (int64_t o = 0; o < outer; ++o)
    for (const Window& window : all) {
      std::fill(sums.begin(), sums.end(), 1 << (kPrecision - 1));
      const uint8_t* pixel = in + (o * from + window.begin) * inner;
      for (int32_t weight : window.weights)
        for (int32_t& sum : sums) sum += weight * static_cast<int32_t>(*pixel++);
      for (int32_t sum : sums) *out++ = static_cast<uint8_t>(std::clamp(sum >> kPrecision, 0, 255));
    }
  return result;
}

/// The pixel that lies under the middle of each one of the result.
Tensor nearest_indices(int64_t from, int64_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  Tensor indices = at::empty({to}, at::kLong);
  auto* index = indices.data_ptr<int64_t>();
  double at = scale * 0.5;
  for (int64_t i = 0; i < to; ++i, at += scale) index[i] = std::min(static_cast<int64_t>(at), from - 1);
  return indices;
}

// --- blur

struct Box {
  int64_t radius = 0;           // whole pixels each way
  uint64_t whole = 0, rest = 0; // weights in 2^-24 of those, and of the next ones beyond
};

Box box_of(double deviation) {
  constexpr int kPasses = 3;
  const double variance = deviation * deviation / kPasses;
  const double length = std::sqrt(12 * variance + 1), l = std::floor((length - 1) / 2);
  const double a = (2 * l + 1) * (l * (l + 1) - 3 * variance) / (6 * (variance - (l + 1) * (l + 1)));
  const auto radius = static_cast<float>(l + a);
  Box box;
  box.radius = static_cast<int64_t>(radius);
  box.whole = static_cast<uint32_t>(static_cast<float>(1 << 24) / (radius * 2 + 1));
  box.rest = ((1 << 24) - static_cast<uint64_t>(2 * box.radius + 1) * box.whole) / 2;
  return box;
}

/// Along the middle dimension of [outer, n, inner].
Tensor box_middle(const Tensor& picture, const Box& box) {
  const int64_t outer = picture.size(0), n = picture.size(1), inner = picture.size(2);
  Tensor result = at::empty_like(picture);
  const auto* in = picture.data_ptr<uint8_t>();
  auto* out = result.data_ptr<uint8_t>();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t c = 0; c < inner; ++c) {
      const auto at = [&](int64_t i) -> uint64_t {
        return in[(o * n + std::clamp<int64_t>(i, 0, n - 1)) * inner + c];
      };
      uint64_t sum = 0;  // of the box around the pixel before
      for (int64_t i = -box.radius - 1; i < box.radius; ++i) sum += at(i);
      for (int64_t i = 0; i < n; ++i) {
        sum += at(i + box.radius) - at(i - box.radius - 1);
        const uint64_t far = at(i - box.radius - 1) + at(i + box.radius + 1);
        out[(o * n + i) * inner + c] = static_cast<uint8_t>((sum * box.whole + far * box.rest + (1 << 23)) >> 24);
      }
    }
  return result;
}

/// As [1, H, W * C] and [H, W, C], over which `along` goes in turn: rows first as the reference does.
template <class Along>
Tensor both_ways(const Tensor& picture, const Along& along) {
  const bool is_grey = picture.dim() == 2;
  Tensor map = is_grey ? picture.unsqueeze(2).contiguous() : picture.contiguous();
  const int64_t channels = map.size(2);
  map = along(map, /*is_width=*/true);
  const int64_t width = map.size(1);
  map = along(map.view({1, map.size(0), width * channels}), /*is_width=*/false);
  map = map.view({map.size(1), width, channels});
  return is_grey ? map.squeeze(2) : map;
}

}  // namespace

Tensor resample(const Tensor& picture, int64_t width, int64_t height, Resampling how) {
  if (picture.size(0) == height && picture.size(1) == width) return picture;
  if (how == Resampling::nearest)
    return picture.index_select(0, nearest_indices(picture.size(0), height))
        .index_select(1, nearest_indices(picture.size(1), width));
  return both_ways(picture, [&](const Tensor& map, bool is_width) {
    const int64_t to = is_width ? width : height;
    return map.size(1) == to ? map : resample_middle(map, to, how);
  });
}

Tensor blur(const Tensor& picture, double radius) {
  if (radius == 0) return picture;
  const Box box = box_of(radius);
  return both_ways(picture, [&](Tensor map, bool) {
    for (int pass = 0; pass < 3; ++pass) map = box_middle(map, box);
    return map;
  });
}

}  // namespace alice
