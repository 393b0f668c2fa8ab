#include "plugins/schedulers/euler/heun.h"

#include "core/math/sigma_plan.h"

namespace alice::schedulers {

const OptionTable<HeunOptions>& Heun::options() {
  static const OptionTable<HeunOptions> table = [] {
    OptionTable<HeunOptions> t;
    add_spacing_options(t);
    add_sigma_options(t);
    add_clip_options(t);
    return t;
  }();
  return table;
}

void Heun::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
}

Plan Heun::plan(int64_t steps, const NoiseModel& model) const {
  return visited_sigma_plan(options_, options_, steps, model);
}

Tensor Heun::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                    const OnStep& on_step) const {
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    const double span = to.sigma - from.sigma;
    const Tensor start = slope(denoise, x, from);
    const Tensor reached = x + start * span;
    x = to.sigma == 0 ? reached : x + (start + slope(denoise, reached, to)) / 2 * span;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

Tensor Heun::slope(const Denoise& denoise, const Tensor& x, const Level& level) const {
  return (x - limited(denoise(x, level), {}, options_)) / level.sigma;
}

}  // namespace alice::schedulers
