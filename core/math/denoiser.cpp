#include "core/math/denoiser.h"

#include <cmath>

#include "core/base/error.h"

namespace alice {
namespace {

/// Standard deviation of each row, of the shape [B, 1, 1, 1].
Tensor row_deviation(const Tensor& x) { return x.flatten(1).std(1, true).view({-1, 1, 1, 1}); }

/// Deviation of x, where that of the latents is `of_data`.
double norm_of(const Level& level, double of_data) {
  const double alpha = level.alpha * of_data;
  return std::sqrt(alpha * alpha + level.sigma * level.sigma);
}

Tensor of_diffusion(const Tensor& m, const Tensor& x, const Level& level, Prediction prediction) {
  const double norm = norm_of(level, 1);
  if (prediction == Prediction::sample) return m;
  if (prediction == Prediction::v_prediction)
    return x * (level.alpha / (norm * norm)) - m * (level.sigma / norm);
  if (level.alpha == 0)
    throw Error(ErrorCode::unsupported, "scheduler",
                "starts at pure noise (zero terminal SNR), where a network that predicts the noise says nothing of the "
                "picture: "
                "use a v-prediction model, or rescale_betas_zero_snr: false");
  return (x - m * level.sigma) / level.alpha;
}

Tensor of_edm(const Tensor& m, const Tensor& x, const Level& level, const NoiseModel& model) {
  const double of_data = model.options().sigma_data, norm = norm_of(level, of_data);
  const double skip = level.alpha * of_data * of_data / (norm * norm), out = level.sigma * of_data / norm;
  return x * skip + m * (model.prediction() == Prediction::v_prediction ? -out : out);
}

Tensor weighted(const Tensor& negative, const std::vector<Tensor>& positives, const Guidance& guidance) {
  Tensor sum = negative;
  for (size_t i = 0; i < positives.size(); ++i)
    sum = sum + (positives[i] - negative) * (guidance.parts[i] * std::max(guidance.scale, 1.0));
  return sum;
}

Tensor rescaled(const Tensor& guided, const Tensor& positive, const Guidance& guidance) {
  if (guidance.rescale == 0) return guided;
  const Tensor rescaled = guided * (row_deviation(positive) / row_deviation(guided));
  return rescaled * guidance.rescale + guided * (1 - guidance.rescale);
}

}  // namespace

Tensor guide(const Tensor& all, const Guidance& guidance) {
  if (!guidance.parts.empty()) {
    std::vector<Tensor> positives = all.chunk(guidance.positives() + 1);
    const Tensor negative = positives.front();
    positives.erase(positives.begin());
    return rescaled(weighted(negative, positives, guidance), positives.front(), guidance);
  }
  const std::vector<Tensor> parts = all.chunk(guidance.picture_scale ? 3 : 2);
  const Tensor& negative = parts[parts.size() - 2];
  const Tensor& positive = parts.back();
  Tensor guided = negative + (positive - negative) * guidance.scale;
  if (guidance.picture_scale)
    guided = parts[0] + (positive - negative) * guidance.scale + (negative - parts[0]) * *guidance.picture_scale;
  return rescaled(guided, positive, guidance);
}

Tensor guide_alone(const Tensor& positives, const Guidance& guidance) {
  if (guidance.parts.empty()) return positives;
  const std::vector<Tensor> parts = positives.chunk(guidance.positives());
  return weighted(parts.front(), parts, guidance);
}

Tensor network_input(const Tensor& x, const Level& level, const NoiseModel& model) {
  if (model.path() == NoisePath::flow) return x / (level.alpha + level.sigma);
  return x / norm_of(level, model.path() == NoisePath::edm ? model.options().sigma_data : 1);
}

Tensor x0_from_prediction(const Tensor& m, const Tensor& x, const Level& level, const NoiseModel& model) {
  switch (model.path()) {
    case NoisePath::flow: return (x - m * level.sigma) / (level.alpha + level.sigma);
    case NoisePath::edm: return of_edm(m, x, level, model);
    case NoisePath::diffusion: break;
  }
  return of_diffusion(m, x, level, model.prediction());
}

}  // namespace alice
