#include "core/math/sigma_plan.h"

#include <cmath>

namespace alice {

Plan sigma_plan(const std::vector<double>& sigmas, const std::vector<double>& times, TimestepSpacing spacing) {
  Plan plan;
  for (size_t i = 0; i < sigmas.size(); ++i) {
    const float sigma = static_cast<float>(sigmas[i]), t = i < times.size() ? static_cast<float>(times[i]) : 0;
    plan.levels.push_back({1, sigma, t});
  }
  const double first = plan.levels.front().sigma;
  plan.init_noise_sigma = spacing == TimestepSpacing::leading ? std::sqrt(first * first + 1) : first;
  return plan;
}

std::vector<double> visited_times(const SpacingOptions& options, int64_t steps, const NoiseModel& model) {
  auto times =
      spaced_timesteps(options.timestep_spacing, steps, model.train_steps(), options.steps_offset, LowestTime::visited);
  for (double& t : times) t = static_cast<float>(t);  // before sigma is looked up, as the reference
  return times;
}

Plan own_plan(const std::vector<double>& sigmas, const NoiseModel& model) {
  Plan plan;
  for (const double sigma : sigmas) plan.levels.push_back(model.level(sigma));
  const double first = plan.levels.front().sigma;
  plan.init_noise_sigma = model.path() == NoisePath::flow ? 1 : std::sqrt(first * first + 1);
  return plan;
}

Plan own_sigma_plan(const SigmaOptions& sigma, int64_t steps, const NoiseModel& model, FinalSigma final_sigma) {
  std::vector<double> sigmas = model.run_sigmas(steps);
  if (const SigmaSpacing spread = sigma_spacing(sigma); spread != SigmaSpacing::uniform_in_time)
    sigmas = spaced_sigmas(spread, {sigmas.front(), sigmas.back()}, steps);
  sigmas.push_back(final_sigma == FinalSigma::zero ? 0 : sigmas.back());
  return own_plan(sigmas, model);
}

Plan run_plan(const RunLevels& levels, const NoiseModel& model) {
  if (model.path() != NoisePath::diffusion) return own_plan(levels.sigmas, model);
  return sigma_plan(levels.sigmas, levels.times, TimestepSpacing::linspace);
}

Plan visited_sigma_plan(const SpacingOptions& spacing, const SigmaOptions& sigma, int64_t steps,
                        const NoiseModel& model) {
  if (const auto levels = run_levels(sigma, steps, model)) return run_plan(*levels, model);
  if (model.path() != NoisePath::diffusion) return own_sigma_plan(sigma, steps, model);
  const SigmaTable table(model);
  std::vector<double> times = visited_times(spacing, steps, model);
  std::vector<double> sigmas = table.sigmas_at(times);
  if (const SigmaSpacing spread = sigma_spacing(sigma); spread != SigmaSpacing::uniform_in_time) {
    sigmas = spaced_sigmas(spread, {sigmas.front(), sigmas.back()}, steps);
    times = table.times_of(sigmas);
  }
  sigmas.push_back(0);
  return sigma_plan(sigmas, times, spacing.timestep_spacing);
}

}  // namespace alice
