// DPM-Solver++(2S) with ancestral noise (Lu et al. 2022, arXiv 2211.01095, Algorithm 1; k-diffusion's
// sample_dpmpp_2s_ancestral; on a flow ComfyUI's _RF variant).

#include <algorithm>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

/// Half way in the log signal-to-noise ratio.
Level middle_of(const Level& from, double down, const LevelFinder& levels, bool of_flow) {
  if (!of_flow) return levels.at(std::sqrt(from.sigma * down));
  constexpr double kBelowNoise = 0.9999;  // what ComfyUI takes in the step from plain noise
  if (from.sigma >= 1) return levels.at(kBelowNoise);
  const double ratio = std::sqrt(from.sigma / (1 - from.sigma) * down / (1 - down));
  return levels.at(ratio / (1 + ratio));
}

class Dpmpp2sAncestral final : public KSampler<KNoiseOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<KNoiseOptions>& options() {
    static const auto table = k_noise_options<KNoiseOptions>();
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level& from = plan.levels[i];
      const AncestralStep step = ancestral_step(from, plan.levels[i + 1], options_.eta, is_flow(model));
      Tensor x0 = denoise(x, from);
      if (step.down > 0) {
        const Level middle = middle_of(from, step.down, levels, is_flow(model));
        x0 = denoise(towards(x0, x, from, middle.sigma), middle);
      }
      x = towards(x0, x, from, step.down) * step.kept;
      if (step.up > 0) x = x + noise.normal_like(x) * (options_.s_noise * step.up);
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory dpmpp_2s_ancestral() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "dpmpp_2s_ancestral";
  info.help = "DPM++ 2S ancestral: second-order steps with fresh noise, two network calls each.";
  info.aliases = {{"dpmpp_2s_a"},
                  {"dpm++_2s_a"},
                  {"DPM++ 2S a"},
                  {"k_dpmpp_2s_a"},
                  {"dpm++_2s_a_karras", karras},
                  {"DPM++ 2S a Karras", karras}};
  return factory_of<Dpmpp2sAncestral>(std::move(info));
}

}  // namespace alice::schedulers
