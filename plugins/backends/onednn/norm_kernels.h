#pragma once
// Norms and gating over channels-last memory, for any Arithmetic of elements.h.

#include "plugins/backends/onednn/elements.h"

namespace alice::onednn {
namespace {

/// function(offset, load, store) for each run of channels: whole vectors, then a part of one.
template <class Arithmetic, class Function>
inline void each_vector(int64_t width, const Function& function) {
  using Vector = typename Arithmetic::Vector;
  using Element = typename Arithmetic::Element;
  constexpr int64_t kWidth = Arithmetic::Lanes::kWidth;
  int64_t at = 0;
  for (; at + kWidth <= width; at += kWidth)
    function(
        at, kWidth, [](const Element* from) { return Arithmetic::load(from); },
        [](Element* to, Vector a) { Arithmetic::store(to, a); });
  if (const int64_t rest = width - at; rest > 0)
    function(
        at, rest, [rest](const Element* from) { return Arithmetic::load_some(from, rest); },
        [rest](Element* to, Vector a) { Arithmetic::store_some(to, a, rest); });
}

/// `count` floats, kWidth or fewer; the others 0.
template <class Lanes>
inline typename Lanes::Vector load_floats(const float* from, int64_t count) {
  return count == Lanes::kWidth ? Lanes::load(from) : Lanes::load_some(from, count);
}
template <class Lanes>
inline void store_floats(float* to, typename Lanes::Vector a, int64_t count) {
  count == Lanes::kWidth ? Lanes::store(to, a) : Lanes::store_some(to, a, count);
}

/// Two passes: sums of squares of differences from anything but the mean lose digits where one pixel is unlike all
/// others.
template <class Arithmetic>
void channel_moments_of(const typename Arithmetic::Element* x, int64_t pixels, int64_t channels, float* means,
                        float* spreads) {
  using Lanes = typename Arithmetic::Lanes;
  const auto each = Lanes::all(1 / static_cast<float>(pixels));
  each_vector<Arithmetic>(channels, [&](int64_t at, int64_t count, const auto& load, const auto&) {
    auto sum = Lanes::all(0);
    for (int64_t pixel = 0; pixel < pixels; ++pixel) sum = sum + load(x + pixel * channels + at);
    const auto mean = sum * each;
    auto rest = Lanes::all(0), square = Lanes::all(0);
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      const auto difference = load(x + pixel * channels + at) - mean;
      rest = rest + difference;  // what rounding has left of the sum
      square = Lanes::multiply_add(difference, difference, square);
    }
    store_floats<Lanes>(means + at, mean + rest * each, count);
    store_floats<Lanes>(spreads + at, square - rest * rest * each, count);
  });
}

template <class Arithmetic>
void scale_and_shift_of(const typename Arithmetic::Element* x, typename Arithmetic::Element* y, int64_t pixels,
                        int64_t channels, const float* scale, const float* shift, bool with_silu) {
  using Lanes = typename Arithmetic::Lanes;
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += channels, y += channels)
    each_vector<Arithmetic>(channels, [&](int64_t at, int64_t count, const auto& load, const auto& store) {
      const auto value = Lanes::multiply_add(load(x + at), load_floats<Lanes>(scale + at, count),
                                             load_floats<Lanes>(shift + at, count));
      store(y + at, with_silu ? silu<Arithmetic>(value) : value);
    });
}

template <class Arithmetic>
void layer_norm_of(const typename Arithmetic::Element* x, typename Arithmetic::Element* y, int64_t tokens,
                   int64_t width, const float* scale, const float* shift, float eps) {
  using Lanes = typename Arithmetic::Lanes;
  using Vector = typename Arithmetic::Vector;
  for (int64_t token = 0; token < tokens; ++token, x += width, y += width) {
    Vector sum = Lanes::all(0), square = Lanes::all(0);
    each_vector<Arithmetic>(width,
                            [&](int64_t at, int64_t, const auto& load, const auto&) { sum = sum + load(x + at); });
    const float mean = Lanes::sum(sum) / static_cast<float>(width);
    const Vector centre = Lanes::all(mean);
    each_vector<Arithmetic>(width, [&](int64_t at, int64_t count, const auto& load, const auto&) {
      const Vector value = load(x + at) - centre;
      if (count == Lanes::kWidth) {
        square = Lanes::multiply_add(value, value, square);
      } else {  // lanes past the end hold -mean
        float rest[Lanes::kWidth] = {};
        Lanes::store_some(rest, value, count);
        const Vector kept = Lanes::load(rest);
        square = Lanes::multiply_add(kept, kept, square);
      }
    });
    const Vector inverse = Lanes::all(1 / __builtin_sqrtf(Lanes::sum(square) / static_cast<float>(width) + eps));
    each_vector<Arithmetic>(width, [&](int64_t at, int64_t count, const auto& load, const auto& store) {
      store(y + at, Lanes::multiply_add((load(x + at) - centre) * inverse, load_floats<Lanes>(scale + at, count),
                                        load_floats<Lanes>(shift + at, count)));
    });
  }
}

template <class Arithmetic>
void gate_of(const typename Arithmetic::Element* x, typename Arithmetic::Element* y, int64_t tokens, int64_t width) {
  for (int64_t token = 0; token < tokens; ++token, x += 2 * width, y += width)
    each_vector<Arithmetic>(width, [&](int64_t at, int64_t, const auto& load, const auto& store) {
      store(y + at, load(x + at) * gelu<Arithmetic>(load(x + width + at)));
    });
}

}  // namespace
}  // namespace alice::onednn
