#include "plugins/schedulers/ddim/ddpm.h"

#include <algorithm>
#include <cmath>

#include "core/math/x0_estimate.h"
#include "plugins/schedulers/ddim/discrete_levels.h"

namespace alice::schedulers {
namespace {

/// A step is x0 * picture + x * kept + noise * deviation.
struct Posterior {
  double picture, kept, deviation;
};

Posterior posterior(const Level& from, const Level& to, StepVariance variance) {
  constexpr double kLeastVariance = 1e-20;  // the reference's
  const double noise_from = from.sigma * from.sigma, noise_to = to.sigma * to.sigma;
  const double alpha = from.alpha / to.alpha, beta = 1 - alpha * alpha;
  const double small = std::max(noise_to / noise_from * beta, kLeastVariance);
  return {to.alpha * beta / noise_from, alpha * noise_to / noise_from,
          std::sqrt(variance == StepVariance::large ? beta : small)};
}

}  // namespace

const OptionTable<DdpmOptions>& Ddpm::options() {
  static const OptionTable<DdpmOptions> table = [] {
    OptionTable<DdpmOptions> t;
    t.choice("variance_type", &DdpmOptions::variance_type,
             {{"fixed_small", StepVariance::small},
              {"fixed_small_log", StepVariance::small},
              {"fixed_large", StepVariance::large},
              {"fixed_large_log", StepVariance::large},
              {"learned", StepVariance::learned},
              {"learned_range", StepVariance::learned}},
             "variance of a step's noise: the posterior's, or all that the step took away; networks that put out their "
             "own (learned, learned_range) are refused");
    add_clip_options(t);
    add_spacing_options(t);
    add_thresholding_options(t);
    return t;
  }();
  return table;
}

void Ddpm::check(const Options& options, const PlaceOf& place, Faults& faults) {
  if (options.variance_type == StepVariance::learned)
    faults.add(place("variance_type"),
               "networks that put out a variance are not supported: must be one of the fixed "
               "kinds");
}

Plan Ddpm::plan(int64_t steps, const NoiseModel& model) const {
  Plan plan = discrete_plan(options_, steps, model, /*end_without_noise=*/true);
  plan.levels.back() = {1, 0, 0};  // also where the spacing's last step would not lead below the first training step
  if (plan.levels.front().alpha == 0 && model.prediction() == Prediction::epsilon)
    throw Error(ErrorCode::bad_request, "/scheduler",
                "DDPM cannot start from pure noise (zero terminal SNR) with a network that predicts epsilon: it needs "
                "v_prediction");
  return plan;
}

Tensor Ddpm::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource& noise,
                    const OnStep& on_step) const {
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    const Posterior step = posterior(from, plan.levels[i + 1], options_.variance_type);
    x = limited(denoise(x, from), options_, options_) * step.picture + x * step.kept;
    if (from.t > 0) x = x + noise.normal_like(x) * step.deviation;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

}  // namespace alice::schedulers
