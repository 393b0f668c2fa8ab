#pragma once
// How the noise levels of a run are spread, under the names that k-diffusion, AUTOMATIC1111's web UI and ComfyUI have
// for it, or as a list of the user's own. One place for all samplers: those that have SigmaOptions or
// RunSpacingOptions.

#include <optional>
#include <vector>

#include "core/math/noise_model.h"

namespace alice {

/// Of n steps from the model's largest sigma to its least. Where two references differ, the name without a suffix is
/// ComfyUI's (comfy/samplers.py), unless said; "(A1111)" is modules/sd_schedulers.py of AUTOMATIC1111's web UI 1.10.
enum class RunSpacing {
  uniform,              ///< evenly in training time, both ends visited; also "normal"
  karras,               ///< Karras et al. 2022, equation 5, with rho (7)
  exponential,          ///< evenly in log sigma
  polyexponential,      ///< log sigma along ramp^rho (1)
  sgm_uniform,          ///< evenly in training time, the lowest left out
  simple,               ///< training steps from the last, N / n apart
  ddim_uniform,         ///< training steps 1, 1 + N / n, ...; ComfyUI makes a step more where n does not divide N
  beta,                 ///< training steps at quantiles of the beta distribution (Lee et al. 2024, arXiv 2407.12173)
  beta_a1111,           ///< sigmas at them
  linear_quadratic,     ///< half of the steps near the first sigma, then quadratic (Polyak et al. 2024, Movie Gen)
  kl_optimal,           ///< arctan of sigma evenly (Sabour et al. 2024, equation 19), then 0
  kl_optimal_a1111,     ///< the same, and ends at the least sigma
  align_your_steps,     ///< Sabour et al. 2024, for Stable Diffusion 1 (A1111)
  align_your_steps_xl,  ///< ... for Stable Diffusion XL (A1111)
  align_your_steps_comfyui,     ///< ComfyUI's node, whose last sigma above 0 is a step higher: Stable Diffusion 1
  align_your_steps_comfyui_xl,  ///< ... XL
  gits,                         ///< Chen et al. 2024, arXiv 2405.11326, coefficient 1.20 (comfy_extras/nodes_gits.py)
  turbo,  ///< training steps 999, 899, ...: distilled networks, at most 10 steps (SDTurboScheduler)
};

struct RunSpacingOptions {
  std::optional<RunSpacing> spacing;
  std::optional<double> spacing_rho;
  /// The user's own: as many as steps, then 0 follows; or one more, the end's included. Falling.
  std::vector<double> sigmas, timesteps;
  /// One sigma more is spread and the last but one left out: as A1111 and ComfyUI do for some samplers.
  bool discard_next_to_last_sigma = false;
};

template <class T>
void add_run_spacing_options(OptionTable<T>& table);

/// Adds a fault for options that exclude each other.
void check_run_spacing(const RunSpacingOptions& options, const PlaceOf& place, Faults& faults);

/// The sigmas of a run, the end's included, and what the network is told at each but the end.
struct RunLevels {
  std::vector<double> sigmas, times;
};
/// Nothing where no option asks for a spacing. Sigmas are those of levels with alpha 1, on a flow those of the straight
/// line. Throws Error(bad_request, "/steps") for more steps than the spacing can make, or another number than the list
/// has. Any thread.
std::optional<RunLevels> run_levels(const RunSpacingOptions& options, int64_t steps, const NoiseModel& model);

const Choices<RunSpacing>& run_spacing_names();

template <class T>
void add_run_spacing_options(OptionTable<T>& table) {
  table
      .choice(
          "spacing", &T::spacing, run_spacing_names(),
          "how noise levels are spread, by k-diffusion's, A1111's and ComfyUI's names; null: as the other options say")
      .number("spacing_rho", &T::spacing_rho, {0.1, 100}, "exponent of the spacings karras (7) and polyexponential (1)")
      .number("sigmas", &T::sigmas, {0, 1e6}, "noise levels of your own, falling: as many as steps, or with the end's")
      .number("timesteps", &T::timesteps, {0, 1e6}, "training steps of your own, falling: as many as steps")
      .boolean("discard_next_to_last_sigma", &T::discard_next_to_last_sigma,
               "spread one noise level more and leave out the last but one");
}

}  // namespace alice
