#pragma once
// The noise schedule that a network was trained with: abar(t) for integer times, and what the network predicts.

#include <memory>
#include <string>
#include <vector>

#include "core/base/options.h"

namespace alice {

/// What the network's output means. epsilon: the noise. v_prediction: alpha eps - sigma x0 (Salimans and Ho 2022), for
/// alpha^2 + sigma^2 = 1. sample: x0 itself.
enum class Prediction { epsilon, v_prediction, sample };

enum class BetaSchedule {
  linear,             ///< Ho et al. 2020
  scaled_linear,      ///< linear in sqrt(beta): latent diffusion
  squaredcos_cap_v2,  ///< Nichol and Dhariwal 2021, betas capped at 0.999
  exp,                ///< abar(t) = exp(-12 t / train steps), betas capped at 0.999
};

/// The options that every diffusers scheduler class has in common; they belong to the model, not to the sampler.
struct NoiseModelOptions {
  int64_t num_train_timesteps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  BetaSchedule beta_schedule = BetaSchedule::linear;
  std::vector<double> trained_betas;  ///< overrides the schedule where not empty; num_train_timesteps of them
  Prediction prediction_type = Prediction::epsilon;
  bool rescale_betas_zero_snr = false;  ///< Lin et al. 2023, Algorithm 1
};
const OptionTable<NoiseModelOptions>& noise_model_options();

/// Immutable; any thread.
class NoiseModel {
 public:
  /// Computed in float32, step for step as the reference does, so that whatever is rounded later rounds alike.
  /// Throws Error(bad_config) for values that make no schedule: abar must lie in (0, 1) and fall at every step.
  explicit NoiseModel(const NoiseModelOptions& options);

  /// What these give is valid as long as *this, or a copy of it; they never throw.
  const NoiseModelOptions& options() const;
  Prediction prediction() const;
  int64_t train_steps() const;
  /// abar(t), t = 0 .. train_steps() - 1, falling. With a zero terminal SNR the last is exactly 0.
  const std::vector<double>& alphas_cumprod() const;
  /// sqrt((1 - abar) / abar) for every t, rising. Where abar is 0, 2^-24 stands for it, as the reference does for
  /// samplers that work in sigma.
  std::vector<double> sigmas() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;  // all that there is, so that it may grow
};

}  // namespace alice
