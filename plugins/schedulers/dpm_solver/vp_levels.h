#pragma once
// Levels of the exponential integrators, which have lambda = log(alpha / sigma) as the variable of integration: alpha^2
// + sigma^2 = 1, or on a flow alpha + sigma = 1.
//
// Levels and the coefficients of steps are computed in float32, as the reference does: small differences of lambda lose
// digits, and at third order and 30 steps that shows in the pictures (1e-5) more than anything else.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

/// A plan with the levels of `sigmas` (sigma / alpha, the end's included) and `times`, one fewer. The sigmas are kept
/// in float32 and the times cut to whole numbers, as the reference keeps them.
Plan vp_plan(const std::vector<double>& sigmas, const std::vector<double>& times);

/// `steps` sigmas of a flow before its shift, evenly from `first` towards `end`, which is left out.
std::vector<double> flow_grid(int64_t steps, double first, double end);
/// The plan of a flow at `grid`, shifted, and spread between the first and the last of it as `spacing` says; then the
/// end. It starts just below plain noise, where lambda is still finite; times are cut to whole numbers: both as the
/// reference has it. Throws Error(bad_request) for SigmaSpacing::lu, which knows nothing of a picture that fades.
/// FinalSigma::sigma_min is the last sigma once more, or the least of a diffusion's betas where `ends_at_betas`.
Plan flow_plan(const std::vector<double>& grid, SigmaSpacing spacing, FinalSigma final_sigma, const NoiseModel& model,
               bool ends_at_betas = false);

/// The karras spacing between the levels of a diffusion's betas, each at its share of noise: UniPC's of a flow.
Plan flow_karras_plan(int64_t steps, FinalSigma final_sigma, const NoiseModel& model);

/// The plan of the classes that always end with noise: that of the first of `usable_steps` training steps, or of the
/// karras, exponential and beta spacings and of a flow the last level once more. Their last step then leads nowhere: so
/// in the reference. Throws as check_steps().
Plan least_noise_plan(const SpacingOptions& spacing, const SigmaOptions& sigma, int64_t steps, int64_t usable_steps,
                      const NoiseModel& model);

/// The plan at levels that were asked for by name or as a list. Where the run must end at sigma_min and they end at 0,
/// it ends at the least of the training, or at their last but one.
Plan vp_plan(RunLevels levels, FinalSigma final_sigma, const NoiseModel& model);

/// Half the logarithm of the signal-to-noise ratio; infinite at sigma 0.
float lambda_of(const Level& level);

}  // namespace alice::schedulers
