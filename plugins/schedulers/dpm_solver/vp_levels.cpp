#include "plugins/schedulers/dpm_solver/vp_levels.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/math/sigma_plan.h"

namespace alice::schedulers {
namespace {

constexpr double kBelowNoise = 1e-6;  // where lambda is still finite

/// The reference has betas also where it uses none.
SigmaRange range_of_betas(const NoiseModel& model) {
  NoiseModelOptions options;
  const NoiseModelOptions& of_flow = model.options();
  options.num_train_timesteps = of_flow.num_train_timesteps;
  options.beta_start = of_flow.beta_start, options.beta_end = of_flow.beta_end;
  options.beta_schedule = of_flow.beta_schedule, options.trained_betas = of_flow.trained_betas;
  return SigmaTable(NoiseModel(options)).range();
}

/// Levels of a flow from just below plain noise on, the end's included; times are cut to whole numbers.
Plan flow_levels(std::vector<double> sigmas, const NoiseModel& model) {
  sigmas.front() = std::min(sigmas.front(), 1 - kBelowNoise);
  Plan plan = own_plan(sigmas, model);
  for (size_t i = 0; i < plan.steps(); ++i)
    plan.levels[i].t = std::trunc(sigmas[i] * static_cast<double>(model.train_steps()));
  return plan;
}

}  // namespace

Plan vp_plan(const std::vector<double>& sigmas, const std::vector<double>& times) {
  Plan plan;
  for (size_t i = 0; i < sigmas.size(); ++i) {
    const float ratio = static_cast<float>(sigmas[i]);
    const float alpha = 1 / std::sqrt(ratio * ratio + 1), sigma = ratio * alpha;
    plan.levels.push_back({alpha, sigma, i < times.size() ? std::trunc(times[i]) : 0});
  }
  return plan;
}

std::vector<double> flow_grid(int64_t steps, double first, double end) {
  std::vector<double> grid;
  for (int64_t i = 0; i < steps; ++i)
    grid.push_back(first + (end - first) * static_cast<double>(i) / static_cast<double>(steps));
  return grid;
}

Plan flow_plan(const std::vector<double>& grid, SigmaSpacing spacing, FinalSigma final_sigma, const NoiseModel& model,
               bool ends_at_betas) {
  if (spacing == SigmaSpacing::lu)
    throw Error(ErrorCode::bad_request, "/scheduler_options/use_lu_lambdas",
                "is not built for flow-matching models: must be false");
  std::vector<double> sigmas = model.shifted(grid);
  if (spacing != SigmaSpacing::uniform_in_time)
    sigmas = spaced_sigmas(spacing, {sigmas.front(), sigmas.back()}, static_cast<int64_t>(sigmas.size()));
  const double least = ends_at_betas ? std::min(sigmas.back(), range_of_betas(model).minimum) : sigmas.back();
  sigmas.push_back(final_sigma == FinalSigma::zero ? 0 : least);
  return flow_levels(std::move(sigmas), model);
}

Plan flow_karras_plan(int64_t steps, FinalSigma final_sigma, const NoiseModel& model) {
  std::vector<double> sigmas = spaced_sigmas(SigmaSpacing::karras, range_of_betas(model), steps);
  for (double& sigma : sigmas) sigma = sigma / (1 + sigma);
  sigmas.push_back(final_sigma == FinalSigma::zero ? 0 : sigmas.back());
  return flow_levels(std::move(sigmas), model);
}

Plan vp_plan(RunLevels levels, FinalSigma final_sigma, const NoiseModel& model) {
  std::vector<double>& sigmas = levels.sigmas;
  const bool is_diffusion = model.path() == NoisePath::diffusion;
  if (final_sigma == FinalSigma::sigma_min && sigmas.back() == 0) {
    const double last = sigmas[sigmas.size() - 2];
    sigmas.back() = is_diffusion ? std::min(SigmaTable(model).range().minimum, last) : last;
  }
  if (is_diffusion) return vp_plan(sigmas, levels.times);
  if (model.path() == NoisePath::flow) sigmas.front() = std::min(sigmas.front(), 1 - kBelowNoise);
  return own_plan(sigmas, model);
}

Plan least_noise_plan(const SpacingOptions& spacing, const SigmaOptions& sigma, int64_t steps, int64_t usable_steps,
                      const NoiseModel& model) {
  check_steps(steps, usable_steps);
  const SigmaSpacing spread = sigma_spacing(sigma);
  if (const auto levels = run_levels(sigma, steps, model)) return vp_plan(*levels, FinalSigma::zero, model);
  if (model.path() == NoisePath::flow)
    return flow_plan(flow_grid(steps, 1 - 1 / static_cast<double>(model.train_steps()), 0), spread,
                     FinalSigma::sigma_min, model);
  if (model.path() == NoisePath::edm) return own_sigma_plan(sigma, steps, model, FinalSigma::sigma_min);
  const SigmaTable table(model);
  std::vector<double> times = rounded(
      spaced_timesteps(spacing.timestep_spacing, steps, usable_steps, spacing.steps_offset, LowestTime::left_out));
  std::vector<double> sigmas = table.sigmas_at(times);
  if (spread != SigmaSpacing::uniform_in_time) {
    sigmas = spaced_sigmas(spread, table.range(), steps);
    times = table.times_of(sigmas);
    if (spread == SigmaSpacing::karras) times = rounded(times);
  }
  sigmas.push_back(spread == SigmaSpacing::uniform_in_time ? std::min(table.range().minimum, sigmas.back())
                                                           : sigmas.back());
  return vp_plan(sigmas, times);
}

float lambda_of(const Level& level) {
  return std::log(static_cast<float>(level.alpha)) - std::log(static_cast<float>(level.sigma));
}

}  // namespace alice::schedulers
