#include "core/math/noise_model.h"

#include <algorithm>
#include <cmath>

#include "core/api/tensor.h"

namespace alice {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// betas such that abar(t) follows `alpha_bar` of t / train steps, none above `kMostBeta`.
template <class AlphaBar>
Tensor betas_for(const AlphaBar& alpha_bar, int64_t steps) {
  constexpr double kMostBeta = 0.999;
  std::vector<double> betas;
  betas.reserve(static_cast<size_t>(steps));
  const double count = static_cast<double>(steps);
  for (int64_t t = 0; t < steps; ++t)
    betas.push_back(std::min(1 - alpha_bar(static_cast<double>(t + 1) / count) / alpha_bar(static_cast<double>(t) / count), kMostBeta));
  return at::tensor(betas, at::kDouble).to(at::kFloat);
}

double cosine_alpha_bar(double t) {
  const double root = std::cos((t + 0.008) / 1.008 * kPi / 2);
  return root * root;
}

Tensor scheduled_betas(const NoiseModelOptions& options) {
  const int64_t steps = options.num_train_timesteps;
  switch (options.beta_schedule) {
    case BetaSchedule::linear: return at::linspace(options.beta_start, options.beta_end, steps, at::kFloat);
    case BetaSchedule::scaled_linear:
      return at::linspace(std::sqrt(options.beta_start), std::sqrt(options.beta_end), steps, at::kFloat).square();
    case BetaSchedule::squaredcos_cap_v2: return betas_for(cosine_alpha_bar, steps);
    case BetaSchedule::exp: return betas_for([](double t) { return std::exp(-12 * t); }, steps);
  }
  throw Error(ErrorCode::internal, "/beta_schedule", "is not one that the noise model knows");
}

Tensor trained_betas(const NoiseModelOptions& options) {
  const size_t count = options.trained_betas.size();
  if (count != static_cast<size_t>(options.num_train_timesteps))
    throw Error(ErrorCode::bad_config, "/trained_betas",
                "has " + std::to_string(count) + " values, must have num_train_timesteps = " + std::to_string(options.num_train_timesteps));
  return at::tensor(options.trained_betas, at::kDouble).to(at::kFloat);
}

/// Lin et al. 2023, Algorithm 1: sqrt(abar) shifted and scaled so that its last value is 0 and its first is kept.
Tensor rescaled_to_zero_snr(const Tensor& betas) {
  const Tensor root = (1 - betas).cumprod(0).sqrt();
  const Tensor first = root[0], last = root[-1];
  const Tensor abar = ((root - last) * (first / (first - last))).square();
  const Tensor alphas = abar.slice(0, 1) / abar.slice(0, 0, -1);
  return 1 - at::cat({abar.slice(0, 0, 1), alphas});
}

Tensor alphas_cumprod_of(const NoiseModelOptions& options) {
  Tensor betas = options.trained_betas.empty() ? scheduled_betas(options) : trained_betas(options);
  if (options.rescale_betas_zero_snr) betas = rescaled_to_zero_snr(betas);
  return (1 - betas).cumprod(0);
}

/// Throws where abar leaves (0, 1) or does not fall; the last may be 0 when `zero_snr`.
void check_falls(const std::vector<double>& abar, bool zero_snr) {
  double before = 1;
  for (size_t t = 0; t < abar.size(); ++t) {
    const bool may_be_zero = zero_snr && t + 1 == abar.size();
    const bool good = abar[t] < before && (abar[t] > 0 || (may_be_zero && abar[t] == 0));
    if (!good)
      throw Error(ErrorCode::bad_config, "/beta_schedule",
                  "makes no noise schedule: the share of signal must fall from below 1 and stay above 0, but is " +
                      std::to_string(abar[t]) + " at step " + std::to_string(t) + " after " + std::to_string(before) +
                      " (see beta_start, beta_end, beta_schedule, trained_betas)");
    before = abar[t];
  }
}

std::vector<double> to_doubles(const Tensor& values) {
  const Tensor doubles = values.to(at::kDouble).contiguous();
  return {doubles.data_ptr<double>(), doubles.data_ptr<double>() + doubles.numel()};
}

}  // namespace

const OptionTable<NoiseModelOptions>& noise_model_options() {
  using O = NoiseModelOptions;
  static const OptionTable<O> table =
      OptionTable<O>()
          .integer("num_train_timesteps", &O::num_train_timesteps, {2, 100000}, "time steps of the noise schedule in training")
          .number("beta_start", &O::beta_start, {0, 1}, "variance added at the first training step")
          .number("beta_end", &O::beta_end, {0, 1}, "variance added at the last training step")
          .choice("beta_schedule", &O::beta_schedule,
                  {{"linear", BetaSchedule::linear},
                   {"scaled_linear", BetaSchedule::scaled_linear},
                   {"squaredcos_cap_v2", BetaSchedule::squaredcos_cap_v2},
                   {"exp", BetaSchedule::exp}},
                  "how the variance grows over the training steps")
          .number("trained_betas", &O::trained_betas, {0, 1}, "every training step's variance, instead of a schedule")
          .choice("prediction_type", &O::prediction_type,
                  {{"epsilon", Prediction::epsilon},
                   {"v_prediction", Prediction::v_prediction},
                   {"sample", Prediction::sample},
                   {"original_sample", Prediction::sample}},
                  "what the network predicts")
          .boolean("rescale_betas_zero_snr", &O::rescale_betas_zero_snr,
                   "make the last training step pure noise (Lin et al. 2023, Algorithm 1)");
  return table;
}

NoiseModel::NoiseModel(const NoiseModelOptions& options)
    : options_(options), alphas_cumprod_(to_doubles(alphas_cumprod_of(options))) {
  check_falls(alphas_cumprod_, options.rescale_betas_zero_snr);
}

std::vector<double> NoiseModel::sigmas() const {
  constexpr float kLeastAlphaBar = 5.9604644775390625e-8f;  // 2^-24
  std::vector<double> sigmas;
  sigmas.reserve(alphas_cumprod_.size());
  for (const double value : alphas_cumprod_) {
    const float abar = value == 0 ? kLeastAlphaBar : static_cast<float>(value);
    sigmas.push_back(std::sqrt((1 - abar) / abar));  // float32 throughout, as the reference
  }
  return sigmas;
}

}  // namespace alice
