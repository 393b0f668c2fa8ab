#include "plugins/schedulers/lcm/lcm.h"

#include <cmath>

namespace alice::schedulers {
namespace {

constexpr double kSigmaData = 0.5;  // deviation of the data that the paper assumes

/// How much of x and of the network's picture make the answer: the boundary condition f(x, 0) = x (Song et al. 2023,
/// equation 5), with time scaled as Luo et al. 2023 do.
struct Shares {
  double skip, out;
};

Shares boundary_shares(double scaled_time) {
  const double length2 = scaled_time * scaled_time + kSigmaData * kSigmaData;
  return {kSigmaData * kSigmaData / length2, scaled_time / std::sqrt(length2)};
}

Level level_at(int64_t t, const NoiseModel& model) {
  const double abar = model.alphas_cumprod()[static_cast<size_t>(t)];
  return {std::sqrt(abar), std::sqrt(1 - abar), static_cast<double>(t)};
}

}  // namespace

const OptionTable<LcmOptions>& Lcm::options() {
  static const OptionTable<LcmOptions> table = [] {
    OptionTable<LcmOptions> t;
    t.integer("original_inference_steps", &LcmOptions::original_inference_steps, {1, 100000},
              "steps of the schedule that the network was distilled on")
        .number("strength", &LcmOptions::strength, {0.001, 1},
                "share of that schedule, from its quiet end, that a run is spread over")
        .number("timestep_scaling", &LcmOptions::timestep_scaling, {1e-6, 1e6},
                "how quickly the network's own answer counts alone as noise grows");
    add_clip_options(t);
    add_thresholding_options(t);
    return t;
  }();
  return table;
}

Plan Lcm::plan(int64_t steps, const NoiseModel& model) const {
  Plan plan;
  for (const int64_t t : distilled_timesteps(steps, model.train_steps(), options_.original_inference_steps,
                                             options_.strength))
    plan.levels.push_back(level_at(t, model));
  plan.levels.push_back({1, 0, 0});
  if (plan.levels.front().alpha == 0 && model.prediction() == Prediction::epsilon)
    throw Error(ErrorCode::bad_request, "/scheduler",
                "LCM cannot start from pure noise (zero terminal SNR) with a network that predicts epsilon: it needs "
                "v_prediction");
  return plan;
}

Tensor Lcm::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource& noise,
                   const OnStep& on_step) const {
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    const Level& to = plan.levels[i + 1];
    const Shares shares = boundary_shares(from.t * options_.timestep_scaling);
    const Tensor picture = limited(denoise(x, from), options_, options_) * shares.out + x * shares.skip;
    x = to.sigma > 0 ? add_noise(picture, noise.normal_like(x), to) : picture;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

}  // namespace alice::schedulers
