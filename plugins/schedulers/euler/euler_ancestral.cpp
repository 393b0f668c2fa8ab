#include "plugins/schedulers/euler/euler_ancestral.h"

#include <cmath>

#include "core/math/sigma_plan.h"

namespace alice::schedulers {

const OptionTable<EulerAncestralOptions>& EulerAncestral::options() {
  static const OptionTable<EulerAncestralOptions> table = [] {
    OptionTable<EulerAncestralOptions> t;
    add_spacing_options(t);
    return t;
  }();
  return table;
}

Plan EulerAncestral::plan(int64_t steps, const NoiseModel& model) const {
  const std::vector<double> times = visited_times(options_, steps, model);
  std::vector<double> sigmas = SigmaTable(model).sigmas_at(times);
  sigmas.push_back(0);
  return sigma_plan(sigmas, times, options_.timestep_spacing);
}

Tensor EulerAncestral::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource& noise,
                              const OnStep& on_step) const {
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    const double sigma = from.sigma, next = plan.levels[i + 1].sigma;
    const double up = next / sigma * std::sqrt(sigma * sigma - next * next);  // deviation of the fresh noise
    const double down = next * next / sigma;                                  // sqrt(next^2 - up^2)

    const Tensor x0 = denoise(x, from);
    x = x + (x - x0) / sigma * (down - sigma) + noise.normal_like(x) * up;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

}  // namespace alice::schedulers
