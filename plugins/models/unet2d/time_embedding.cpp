#include "plugins/models/unet2d/time_embedding.h"

#include <cmath>

namespace alice::unet2d {
namespace {

constexpr double kLongestPeriod = 10000;

}  // namespace

Tensor sinusoids(const Tensor& values, int64_t width, const UNetConfig& config) {
  const int64_t half = width / 2;
  const Tensor exponents =
      at::arange(half, at::kFloat) * -std::log(kLongestPeriod) / (static_cast<double>(half) - config.freq_shift);
  const Tensor frequencies = exponents.exp();
  return each_row(values.to(at::kCPU, at::kFloat).view({-1, 1}), [&](const Tensor& value) {
    const Tensor angles = value * frequencies;
    const Tensor both =
        config.flip_sin_to_cos ? at::cat({angles.cos(), angles.sin()}, 1) : at::cat({angles.sin(), angles.cos()}, 1);
    return width % 2 == 0 ? both : at::constant_pad_nd(both, {0, 1});
  });
}

Tensor guidance_sinusoids(const Tensor& scales, int64_t width) {
  UNetConfig waves;
  waves.freq_shift = 1;
  waves.flip_sin_to_cos = false;
  return sinusoids((scales.to(at::kDouble) - 1).to(at::kFloat).reshape(-1) * 1000, width, waves);
}

EmbeddingPerceptron::EmbeddingPerceptron(const std::string& module, const ModelWeights& weights)
    : linear1_(weights.linear(module + ".linear_1")), linear2_(weights.linear(module + ".linear_2")) {}

Tensor EmbeddingPerceptron::operator()(const Backend& backend, const Tensor& x) const {
  return backend.linear(backend.linear(x, *linear1_, {Activation::silu, std::nullopt}), *linear2_);
}

}  // namespace alice::unet2d
