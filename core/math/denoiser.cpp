#include "core/math/denoiser.h"

#include <cmath>

#include "core/base/error.h"

namespace alice {
namespace {

/// Standard deviation of each row, of the shape [B, 1, 1, 1].
Tensor row_deviation(const Tensor& x) { return x.flatten(1).std(1, true).view({-1, 1, 1, 1}); }

}  // namespace

Tensor guide(const Tensor& all, const Guidance& guidance) {
  const std::vector<Tensor> parts = all.chunk(guidance.picture_scale ? 3 : 2);
  const Tensor& negative = parts[parts.size() - 2];
  const Tensor& positive = parts.back();
  Tensor guided = negative + (positive - negative) * guidance.scale;
  if (guidance.picture_scale)
    guided = parts[0] + (positive - negative) * guidance.scale + (negative - parts[0]) * *guidance.picture_scale;
  if (guidance.rescale == 0) return guided;
  const Tensor rescaled = guided * (row_deviation(positive) / row_deviation(guided));
  return rescaled * guidance.rescale + guided * (1 - guidance.rescale);
}

Tensor scale_input(const Tensor& x, const Level& level) {
  return x / std::sqrt(level.alpha * level.alpha + level.sigma * level.sigma);
}

Tensor x0_from_prediction(const Tensor& m, const Tensor& x, const Level& level, Prediction prediction) {
  const double norm = std::sqrt(level.alpha * level.alpha + level.sigma * level.sigma);
  switch (prediction) {
    case Prediction::sample: return m;
    case Prediction::v_prediction: return x * (level.alpha / (norm * norm)) - m * (level.sigma / norm);
    case Prediction::epsilon: break;
  }
  if (level.alpha == 0)
    throw Error(ErrorCode::unsupported, "scheduler",
                "starts at pure noise (zero terminal SNR), where a network that predicts the noise says nothing of the "
                "picture: "
                "use a v-prediction model, or rescale_betas_zero_snr: false");
  return (x - m * level.sigma) / level.alpha;
}

}  // namespace alice
