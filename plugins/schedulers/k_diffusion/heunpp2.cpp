// Heun++ with two further slopes (github.com/Carzit/sd-webui-samplers-scheduler; ComfyUI's sample_heunpp2): the step
// follows a mean of the slopes here and at the next two levels, which weigh by their sigma against the run's first.

#include <algorithm>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

class HeunPp2 final : public KSampler<KOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<KOptions>& options() {
    static const auto table = k_options<KOptions>();
    return table;
  }
  /// Three calls a step, two in the last but one, one in the last.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                const OnStep& on_step) const override {
    const double most = plan.levels.front().sigma;
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &next = plan.levels[i + 1];
      const size_t ahead = std::min<size_t>(2, plan.steps() - 1 - i);  // further slopes
      const Tensor slope = slope_at(denoise, x, from);
      Tensor mean = slope, further = slope, seen = x;
      for (size_t k = 1; k <= ahead; ++k) {
        const Level &before = plan.levels[i + k - 1], &at = plan.levels[i + k];
        seen = seen + further * (at.sigma - before.sigma);
        further = slope_at(denoise, seen, at);
        mean = mean + (further - slope) * (at.sigma / (static_cast<double>(ahead + 1) * most));
      }
      x = x + mean * (next.sigma - from.sigma);
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory heunpp2() {
  FactoryInfo info;
  info.id = "heunpp2";
  info.help = "HeunPP2: Heun's method with slopes of two levels ahead, three network calls a step.";
  info.aliases = {{"heun++2"}};
  return factory_of<HeunPp2>(std::move(info));
}

}  // namespace alice::schedulers
