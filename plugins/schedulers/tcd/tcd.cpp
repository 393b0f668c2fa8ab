#include "plugins/schedulers/tcd/tcd.h"

#include <cmath>

#include "core/math/x0_estimate.h"

namespace alice::schedulers {
namespace {

Level level_at(int64_t t, const NoiseModel& model) {
  const double abar = model.alphas_cumprod()[static_cast<size_t>(t)];
  return {std::sqrt(abar), std::sqrt(1 - abar), static_cast<double>(t)};
}

/// The time that a step to `t` jumps to first: the share eta of the way from t to the picture. In float32, as the
/// reference, whose products may fall just below a whole number.
int64_t time_below(double t, double eta) {
  return static_cast<int64_t>(std::floor(static_cast<float>(1 - eta) * static_cast<float>(t)));
}

}  // namespace

const OptionTable<TcdOptions>& Tcd::options() {
  static const OptionTable<TcdOptions> table = [] {
    OptionTable<TcdOptions> t;
    t.integer("original_inference_steps", &TcdOptions::original_inference_steps, {1, 100000},
              "steps of the schedule that the network was distilled on; null: all training steps")
        .number("strength", &TcdOptions::strength, {0.001, 1},
                "share of that schedule, from its quiet end, that a run is spread over")
        .number("eta", &TcdOptions::eta, {0, 1},
                "share of fresh noise in each step (gamma in the paper): 0 is deterministic, 1 is all of it");
    return t;
  }();
  return table;
}

Plan Tcd::plan(int64_t steps, const NoiseModel& model) const {
  const int64_t distilled = options_.original_inference_steps.value_or(model.train_steps());
  Plan plan;
  for (const int64_t t : distilled_timesteps(steps, model.train_steps(), distilled, options_.strength))
    plan.levels.push_back(level_at(t, model));
  plan.levels.push_back(level_at(0, model));
  if (plan.levels.front().alpha == 0 && model.prediction() == Prediction::epsilon)
    throw Error(ErrorCode::bad_request, "/scheduler",
                "TCD cannot start from pure noise (zero terminal SNR) with a network that predicts epsilon: it needs "
                "v_prediction");
  return plan;
}

Tensor Tcd::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                   const OnStep& on_step) const {
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    const Level& to = plan.levels[i + 1];
    const Level below = level_at(time_below(to.t, options_.eta), model);
    const Tensor x0 = denoise(x, from);
    x = x0 * below.alpha + noise_of(x, x0, from) * below.sigma;
    if (options_.eta > 0 && i + 1 < plan.steps()) {
      const double kept = to.alpha / below.alpha;
      x = x * kept + noise.normal_like(x) * std::sqrt(1 - kept * kept);
    }
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

}  // namespace alice::schedulers
