#pragma once
// The noise that a network was trained with: the path from picture to noise, its levels, and what the network predicts.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/api/scheduler.h"
#include "core/base/options.h"

namespace alice {

/// What the network's output means. epsilon: the noise. v_prediction: alpha eps - sigma x0 (Salimans and Ho 2022), for
/// alpha^2 + sigma^2 = 1. sample: x0 itself. flow: eps - x0 (Liu et al. 2022, Lipman et al. 2022).
enum class Prediction { epsilon, v_prediction, sample, flow };

/// How picture and noise were mixed in training, and what the network is told and shown of it.
enum class NoisePath {
  diffusion,  ///< abar(t) of training steps; the network is told t, and shown x of unit variance
  flow,       ///< the straight line (1 - s) x0 + s eps; it is told s times the training steps, and shown x on that line
  edm,        ///< x0 + sigma eps (Karras et al. 2022, Table 1); it is told ln(sigma) / 4, and shown x of unit variance
};

enum class BetaSchedule {
  linear,             ///< Ho et al. 2020
  scaled_linear,      ///< linear in sqrt(beta): latent diffusion
  squaredcos_cap_v2,  ///< Nichol and Dhariwal 2021, betas capped at 0.999
  exp,                ///< abar(t) = exp(-12 t / train steps), betas capped at 0.999
};

/// How a flow's levels are moved with the size of the picture, mu growing with it: s to e^mu / (e^mu + 1/s - 1), or to
/// mu / (mu + 1/s - 1).
enum class TimeShift { exponential, linear };

/// Where a flow's run of n steps has its levels, before they are shifted.
enum class FlowGrid {
  ends,  ///< evenly between the first and the last training step, both shifted (Esser et al. 2024; diffusers' class)
  even,  ///< 1, 1 - 1/n, ..., 1/n (Black Forest Labs' models)
};

/// EDM's levels of a run between sigma_max and sigma_min.
enum class SigmaSchedule { karras, exponential };

/// The options that every diffusers scheduler class has in common; they belong to the model, not to the sampler.
struct NoiseModelOptions {
  int64_t num_train_timesteps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  BetaSchedule beta_schedule = BetaSchedule::linear;
  std::vector<double> trained_betas;  ///< overrides the schedule where not empty; num_train_timesteps of them
  Prediction prediction_type = Prediction::epsilon;
  bool rescale_betas_zero_snr = false;  ///< Lin et al. 2023, Algorithm 1

  // Of flow alone, which prediction_type makes it.
  std::optional<double> shift, flow_shift;  ///< s to shift s / (1 + (shift - 1) s); two names of one thing
  bool use_dynamic_shifting = false;        ///< by the size of the picture, in place of `shift`
  TimeShift time_shift_type = TimeShift::exponential;
  double base_shift = 0.5, max_shift = 1.15;  ///< mu at base_image_seq_len and max_image_seq_len, and linear in between
  int64_t base_image_seq_len = 256, max_image_seq_len = 4096;
  std::optional<double> shift_terminal;  ///< the last level of a run, to which the others are stretched
  FlowGrid flow_grid = FlowGrid::ends;
  bool use_flow_sigmas = false;  ///< says that it is a flow, which prediction_type must say as well
  bool invert_sigmas = false;    ///< noise to picture the other way round: refused

  // Of EDM alone.
  bool edm = false;                            ///< makes it that
  double sigma_data = 0.5;                     ///< deviation of the latents in training
  std::optional<double> sigma_min, sigma_max;  ///< of the levels; null: 0.002 and 80
  SigmaSchedule sigma_schedule = SigmaSchedule::karras;
  double rho = 7;  ///< of the karras schedule
};
const OptionTable<NoiseModelOptions>& noise_model_options();

/// Immutable; any thread.
class NoiseModel {
 public:
  /// Computed in float32, step for step as the reference does, so that whatever is rounded later rounds alike.
  /// Throws Error(bad_config) for values that make no schedule (of diffusion, abar must lie in (0, 1) and fall at every
  /// step), and for options of another path.
  explicit NoiseModel(const NoiseModelOptions& options);

  /// What these give is valid as long as *this, or a copy of it; they never throw.
  const NoiseModelOptions& options() const;
  Prediction prediction() const;
  NoisePath path() const;
  int64_t train_steps() const;

  /// abar(t), t = 0 .. train_steps() - 1, falling. With a zero terminal SNR the last is exactly 0. Throws
  /// Error(bad_request, "/scheduler") on another path than diffusion, where there is none: so whatever is made from it
  /// refuses such a model.
  const std::vector<double>& alphas_cumprod() const;
  /// sqrt((1 - abar) / abar) for every t, rising. Where abar is 0, 2^-24 stands for it, as the reference does for
  /// samplers that work in sigma. Throws as alphas_cumprod().
  std::vector<double> sigmas() const;

  /// On the paths that spread a run's steps by themselves, flow and edm: the sigmas at which its `steps` steps begin,
  /// falling; the end is not among them. Throws Error(bad_request, "/steps") as check_steps(), and where a flow is
  /// shifted by the size, of which for_tokens() has not told it.
  std::vector<double> run_sigmas(int64_t steps) const;
  /// On the flow: sigmas of the straight line, falling from at most 1, shifted and stretched as the options say. Throws
  /// as run_sigmas().
  std::vector<double> shifted(std::vector<double> sigmas) const;
  /// The level at sigma >= 0: {1 - sigma, sigma} on the flow, else {1, sigma}, with what the network is told there. In
  /// float32, as the reference. At 0 nobody is told anything.
  Level level(double sigma) const;
  /// The model for pictures of so many tokens, latents in patches of two by two: *this, but for use_dynamic_shifting.
  NoiseModel for_tokens(int64_t tokens) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;  // all that there is, so that it may grow
};

}  // namespace alice
