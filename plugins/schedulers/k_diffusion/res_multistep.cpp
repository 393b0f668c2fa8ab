// Refined exponential solver, multistep of second order (Zhang et al. 2023, arXiv 2308.02157, with its c2 from the last
// step; ComfyUI's res_multistep): with fresh noise (ancestral) or none.

#include <limits>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct ResMultistepOptions : KNoiseOptions {
  ResMultistepOptions() { eta = 0; }
};

class ResMultistep final : public KSampler<ResMultistepOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<Options>& options() {
    static const auto table = k_noise_options<ResMultistepOptions>();
    return table;
  }
  /// The first step and the last are Euler's.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override {
    Tensor last;
    double last_down = 0;
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level& from = plan.levels[i];
      const AncestralStep step = ancestral_step(from, plan.levels[i + 1], options_.eta, is_flow(model));
      const Tensor x0 = denoise(x, from);
      if (step.down == 0 || !last.defined()) {
        x = towards(x0, x, from, step.down);
      } else {
        const double h = std::log(from.sigma / step.down);
        // Where x0 was last seen, from where the last step arrived, in steps of this length.
        const double c2 = std::log(last_down / plan.levels[i - 1].sigma) / h;
        x = x * std::exp(-h) + x0 * (h_phi_1(h) - h_phi_2(h) / c2) + last * (h_phi_2(h) / c2);
      }
      x = x * step.kept;
      if (step.up > 0) x = x + noise.normal_like(x) * (options_.s_noise * step.up);
      last = x0, last_down = step.down;
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory res_multistep() {
  FactoryInfo info;
  info.id = "res_multistep";
  info.help = "RES multistep: an exponential multistep method of second order, one call a step.";
  info.aliases = {
      {"RES Multistep"}, {"res_multistep_ancestral", {{"eta", 1}}}, {"RES Multistep Ancestral", {{"eta", 1}}}};
  return factory_of<ResMultistep>(std::move(info));
}

}  // namespace alice::schedulers
