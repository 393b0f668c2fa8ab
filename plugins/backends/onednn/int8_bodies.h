#pragma once
// The kernels around a product of bytes, for any Arithmetic of elements.h whose lanes know integers.

#include "plugins/backends/onednn/int8_kernels.h"
#include "plugins/backends/onednn/norm_kernels.h"

namespace alice::onednn {
namespace {

template <class Arithmetic>
Spread spread_of(const typename Arithmetic::Element* x, int64_t count) {
  using Lanes = typename Arithmetic::Lanes;
  auto lowest = Lanes::all(0), highest = lowest, squares = lowest;
  each_vector<Arithmetic>(count, [&](int64_t at, int64_t, const auto& load, const auto&) {
    const auto value = load(x + at);  // lanes past the end are 0
    lowest = Lanes::smaller(lowest, value);
    highest = Lanes::larger(highest, value);
    squares = Lanes::multiply_add(value, value, squares);
  });
  return {Lanes::lowest(lowest), Lanes::highest(highest), Lanes::sum(squares)};
}

template <class Arithmetic>
void to_bytes_of(const typename Arithmetic::Element* x, uint8_t* y, int64_t count, float factor, int zero) {
  using Lanes = typename Arithmetic::Lanes;
  const auto factors = Lanes::all(factor);
  each_vector<Arithmetic>(count, [&](int64_t at, int64_t some, const auto& load, const auto&) {
    Lanes::store_bytes(y + at, load(x + at) * factors, zero, some);
  });
}

template <class Arithmetic>
void channel_extremes_of(const typename Arithmetic::Element* x, int64_t pixels, int64_t channels, float* lowest,
                         float* highest) {
  using Lanes = typename Arithmetic::Lanes;
  each_vector<Arithmetic>(channels, [&](int64_t at, int64_t count, const auto& load, const auto&) {
    auto low = load(x + at), high = low;
    for (int64_t pixel = 1; pixel < pixels; ++pixel) {
      const auto value = load(x + pixel * channels + at);
      low = Lanes::smaller(low, value);
      high = Lanes::larger(high, value);
    }
    store_floats<Lanes>(lowest + at, low, count);
    store_floats<Lanes>(highest + at, high, count);
  });
}

template <class Arithmetic>
float norm_to_bytes_of(const typename Arithmetic::Element* x, uint8_t* y, int64_t pixels, int64_t channels,
                       const float* scale, const float* shift, bool with_silu, float factor, int zero) {
  using Lanes = typename Arithmetic::Lanes;
  const auto factors = Lanes::all(factor);
  auto squares = Lanes::all(0);
  for (int64_t pixel = 0; pixel < pixels; ++pixel, x += channels, y += channels)
    each_vector<Arithmetic>(channels, [&](int64_t at, int64_t count, const auto& load, const auto&) {
      // Lanes past the end are 0: silu(0) is, too.
      const auto normed = Lanes::multiply_add(load(x + at), load_floats<Lanes>(scale + at, count),
                                              load_floats<Lanes>(shift + at, count));
      const auto value = with_silu ? silu<Arithmetic>(normed) : normed;
      squares = Lanes::multiply_add(value, value, squares);
      Lanes::store_bytes(y + at, value * factors, zero, count);
    });
  return Lanes::sum(squares);
}

/// (sum - shift) channel_scale token_scale + bias, of the channels from `at`.
template <class Lanes>
inline typename Lanes::Vector number_of(const int32_t* sums, const SumScales& scales,
                                        typename Lanes::Vector token_scale, int64_t at, int64_t count) {
  const auto sum = Lanes::difference(sums + at, scales.shifts + at, count);
  const auto bias = scales.bias ? load_floats<Lanes>(scales.bias + at, count) : Lanes::all(0);
  return Lanes::multiply_add(sum * load_floats<Lanes>(scales.channel_scales + at, count), token_scale, bias);
}

template <class Arithmetic, class Bend>
void from_sums_of(const int32_t* sums, int64_t tokens, int64_t channels, const SumScales& scales,
                  const typename Arithmetic::Element* residual, typename Arithmetic::Element* y, const Bend& bend) {
  using Lanes = typename Arithmetic::Lanes;
  for (int64_t token = 0; token < tokens; ++token, sums += channels, y += channels) {
    const auto token_scale = Lanes::all(scales.token_scales[token * scales.token_step]);
    each_vector<Arithmetic>(channels, [&](int64_t at, int64_t count, const auto& load, const auto& store) {
      const auto value = bend(number_of<Lanes>(sums, scales, token_scale, at, count));
      store(y + at, residual ? value + load(residual + at) : value);
    });
    if (residual) residual += channels;
  }
}

template <class Arithmetic>
void gate_sums_of(const int32_t* sums, int64_t tokens, int64_t width, const SumScales& scales,
                  typename Arithmetic::Element* y) {
  using Lanes = typename Arithmetic::Lanes;
  for (int64_t token = 0; token < tokens; ++token, sums += 2 * width, y += width) {
    const auto token_scale = Lanes::all(scales.token_scales[token * scales.token_step]);
    each_vector<Arithmetic>(width, [&](int64_t at, int64_t count, const auto&, const auto& store) {
      const auto value = number_of<Lanes>(sums, scales, token_scale, at, count);
      store(y + at, value * gelu<Arithmetic>(number_of<Lanes>(sums, scales, token_scale, width + at, count)));
    });
  }
}

template <class Arithmetic>
class CompiledInt8Kernels final : public Int8Kernels {
  using Lanes = typename Arithmetic::Lanes;
  using Vector = typename Arithmetic::Vector;
  using Element = typename Arithmetic::Element;

 public:
  Spread spread(const void* x, int64_t count) const override {
    return spread_of<Arithmetic>(static_cast<const Element*>(x), count);
  }
  void to_bytes(const void* x, uint8_t* y, int64_t count, float factor, int zero) const override {
    to_bytes_of<Arithmetic>(static_cast<const Element*>(x), y, count, factor, zero);
  }
  void channel_extremes(const void* x, int64_t pixels, int64_t channels, float* lowest, float* highest) const override {
    channel_extremes_of<Arithmetic>(static_cast<const Element*>(x), pixels, channels, lowest, highest);
  }
  float norm_to_bytes(const void* x, uint8_t* y, int64_t pixels, int64_t channels, const float* scale,
                      const float* shift, bool silu, float factor, int zero) const override {
    return norm_to_bytes_of<Arithmetic>(static_cast<const Element*>(x), y, pixels, channels, scale, shift, silu, factor,
                                        zero);
  }
  void from_sums(const int32_t* sums, int64_t tokens, int64_t channels, const SumScales& scales, Curve curve,
                 const void* residual, void* y) const override {
    const auto bent = [&](const auto& bend) {
      from_sums_of<Arithmetic>(sums, tokens, channels, scales, static_cast<const Element*>(residual),
                               static_cast<Element*>(y), bend);
    };
    switch (curve) {
      case Curve::none: return bent([](Vector a) { return a; });
      case Curve::silu: return bent([](Vector a) { return silu<Arithmetic>(a); });
      case Curve::gelu: return bent([](Vector a) { return gelu<Arithmetic>(a); });
      case Curve::quick_gelu:  // x sigmoid(1.702 x)
        return bent([](Vector a) { return silu<Arithmetic>(a * Lanes::all(1.702f)) * Lanes::all(1 / 1.702f); });
      case Curve::relu: return bent([](Vector a) { return Lanes::larger(a, Lanes::all(0)); });
      case Curve::gate: return gate_sums_of<Arithmetic>(sums, tokens, channels / 2, scales, static_cast<Element*>(y));
    }
  }
};

}  // namespace
}  // namespace alice::onednn
