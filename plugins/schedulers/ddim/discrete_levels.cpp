#include "plugins/schedulers/ddim/discrete_levels.h"

#include <cmath>

namespace alice::schedulers {

DiscreteLevels::DiscreteLevels(const NoiseModel& model, int64_t steps, bool end_without_noise)
    : abar_(model.alphas_cumprod()),
      ratio_(model.train_steps() / steps),
      final_abar_(end_without_noise ? 1 : abar_.front()) {}

DiscreteLevels::DiscreteLevels(const NoiseModel& model, const Plan& plan, bool end_without_noise)
    : DiscreteLevels(model, static_cast<int64_t>(plan.steps() + plan.first_step), end_without_noise) {}

Level DiscreteLevels::at(int64_t t) const {
  const double abar = t < 0 ? final_abar_ : abar_[static_cast<size_t>(t)];
  return {std::sqrt(abar), std::sqrt(1 - abar), static_cast<double>(t)};
}

Plan discrete_plan(const SpacingOptions& options, int64_t steps, const NoiseModel& model, bool end_without_noise) {
  const auto times = rounded(spaced_timesteps(options.timestep_spacing, steps, model.train_steps(),
                                              options.steps_offset, LowestTime::visited));
  const DiscreteLevels levels(model, steps, end_without_noise);
  Plan plan;
  for (const double t : times) plan.levels.push_back(levels.at(static_cast<int64_t>(t)));
  plan.levels.push_back(levels.after(static_cast<int64_t>(times.back())));
  return plan;
}

}  // namespace alice::schedulers
