#include "plugins/schedulers/euler/euler_ancestral.h"

#include <cmath>

#include "core/math/sigma_plan.h"

namespace alice::schedulers {

const OptionTable<EulerAncestralOptions>& EulerAncestral::options() {
  static const OptionTable<EulerAncestralOptions> table = [] {
    OptionTable<EulerAncestralOptions> t;
    add_spacing_options(t);
    add_run_spacing_options(t);
    return t;
  }();
  return table;
}

void EulerAncestral::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_run_spacing(options, place, faults);
}

Plan EulerAncestral::plan(int64_t steps, const NoiseModel& model) const {
  if (const auto levels = run_levels(options_, steps, model)) return run_plan(*levels, model);
  return visited_sigma_plan(options_, {}, steps, model);
}

/// With alpha 1 k-diffusion's step. On the straight line of a flow the picture's share changes as well, from the level
/// below to the next one, and the fresh noise makes up for what that leaves.
Tensor EulerAncestral::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model,
                              NoiseSource& noise, const OnStep& on_step) const {
  const bool is_flow = model.path() == NoisePath::flow;
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    const double sigma = from.sigma, next = to.sigma;
    const double down = next * next / sigma;                  // the level below
    const double kept = is_flow ? to.alpha / (1 - down) : 1;  // of what is there
    // The deviation of the fresh noise: sqrt(next^2 - (down kept)^2).
    const double up = next / sigma * std::sqrt(sigma * sigma - next * next * kept * kept);

    const Tensor x0 = denoise(x, from);
    x = (x + (x - x0) / sigma * (down - sigma)) * kept + noise.normal_like(x) * up;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

}  // namespace alice::schedulers
