#include "plugins/schedulers/ddim/ddim.h"

#include <cmath>

#include "core/math/x0_estimate.h"
#include "plugins/schedulers/ddim/discrete_levels.h"

namespace alice::schedulers {
namespace {

/// Deviation of the noise that a step adds at eta = 1 (equation 16).
double full_deviation(const Level& from, const Level& to) {
  const double share_kept = (from.alpha * from.alpha) / (to.alpha * to.alpha);
  return to.sigma / from.sigma * std::sqrt(1 - share_kept);
}

}  // namespace

const OptionTable<DdimOptions>& Ddim::options() {
  static const OptionTable<DdimOptions> table = [] {
    OptionTable<DdimOptions> t;
    add_clip_options(t);
    t.boolean("set_alpha_to_one", &DdimOptions::set_alpha_to_one,
              "end without noise, rather than at the noise of the first training step");
    add_spacing_options(t);
    add_thresholding_options(t);
    t.number("eta", &DdimOptions::eta, {0, 1}, "share of fresh noise in each step: 0 is deterministic, 1 is DDPM")
        .boolean("use_clipped_model_output", &DdimOptions::use_clipped_model_output,
                 "take the noise estimate from the clamped picture estimate");
    return t;
  }();
  return table;
}

Plan Ddim::plan(int64_t steps, const NoiseModel& model) const {
  const Plan plan = discrete_plan(options_, steps, model, options_.set_alpha_to_one);
  if (plan.levels.front().alpha == 0 && model.prediction() == Prediction::epsilon)
    throw Error(ErrorCode::bad_request, "/scheduler",
                "DDIM cannot start from pure noise (zero terminal SNR) with a network that predicts epsilon: it needs "
                "v_prediction");
  return plan;
}

Tensor Ddim::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                    const OnStep& on_step) const {
  const DiscreteLevels levels(model, plan, options_.set_alpha_to_one);
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    const Level to = levels.after(static_cast<int64_t>(from.t));
    const Tensor raw_x0 = denoise(x, from);
    const Tensor x0 = limited(raw_x0, options_, options_);
    const Tensor eps = noise_of(x, options_.use_clipped_model_output ? x0 : raw_x0, from);

    const double deviation = options_.eta * full_deviation(from, to);
    x = x0 * to.alpha + eps * std::sqrt(to.sigma * to.sigma - deviation * deviation);
    if (options_.eta > 0) x = x + noise.normal_like(x) * deviation;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

}  // namespace alice::schedulers
