#pragma once
// Plans of samplers that work in sigma with alpha = 1 (Karras et al. 2022).

#include <vector>

#include "core/api/scheduler.h"
#include "core/math/sampler_options.h"

namespace alice {

/// Levels with alpha = 1 at `sigmas`, the end's included, and `times`, one fewer. Both are kept in float32, as the
/// reference keeps them. A run starts at the first sigma, with the leading spacing at sqrt(sigma^2 + 1): the reference
/// counts the picture's own variance only there. Any thread.
Plan sigma_plan(const std::vector<double>& sigmas, const std::vector<double>& times, TimestepSpacing spacing);

/// `steps` times as `options` spread them, the lowest one visited. Throws as check_steps().
std::vector<double> visited_times(const SpacingOptions& options, int64_t steps, const NoiseModel& model);

/// The plan of a run whose model spreads its steps itself (flow, EDM): `steps` of its sigmas, or spread between the
/// first and the last of them as `sigma` says, and then the end, which is 0 or the last of them once more. A flow
/// starts in plain noise, EDM at sqrt(sigma^2 + 1). Throws as NoiseModel::run_sigmas().
Plan own_sigma_plan(const SigmaOptions& sigma, int64_t steps, const NoiseModel& model,
                    FinalSigma final_sigma = FinalSigma::zero);
/// The plan at the model's levels of `sigmas`, the end's included.
Plan own_plan(const std::vector<double>& sigmas, const NoiseModel& model);

/// The plan of levels with alpha 1, on a flow of the straight line, at `levels`.
Plan run_plan(const RunLevels& levels, const NoiseModel& model);

/// run_plan() where `sigma` asks for levels by name or as a list; else own_sigma_plan() where that is the model's way.
/// Else `steps` sigmas at visited_times(), or spread between the first and the last of them as `sigma` says, and then
/// 0. Throws as check_steps().
Plan visited_sigma_plan(const SpacingOptions& spacing, const SigmaOptions& sigma, int64_t steps,
                        const NoiseModel& model);

}  // namespace alice
