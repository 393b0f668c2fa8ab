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

}  // namespace alice
