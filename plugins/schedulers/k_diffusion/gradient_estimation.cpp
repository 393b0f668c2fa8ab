// Gradient estimation (Permenter and Yuan 2024, "Interpreting and Improving Diffusion Models from an Optimization
// Perspective", Algorithm 2; ComfyUI's sample_gradient_estimation): Euler's step, and a share of how the slope changed.

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct GradientEstimationOptions : KOptions {
  double gamma = 2;
};

class GradientEstimation final : public KSampler<GradientEstimationOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<Options>& options() {
    static const auto table = k_options<GradientEstimationOptions>().number(
        "gamma", &GradientEstimationOptions::gamma, {1, 5},
        "how far the slope is followed as it changes: 1 is Euler's method");
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                const OnStep& on_step) const override {
    Tensor last;
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const Tensor slope = slope_at(denoise, x, from);
      const bool changes = last.defined() && to.sigma > 0;
      const Tensor followed = changes ? slope + (slope - last) * (options_.gamma - 1) : slope;
      x = x + followed * (to.sigma - from.sigma);
      last = slope;
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory gradient_estimation() {
  FactoryInfo info;
  info.id = "gradient_estimation";
  info.help = "Gradient estimation: Euler steps that look ahead by how the slope changed, one call each.";
  info.aliases = {{"Gradient Estimation"}};
  return factory_of<GradientEstimation>(std::move(info));
}

}  // namespace alice::schedulers
