// DPM-Solver-2 in sigma (Lu et al. 2022, arXiv 2206.00927, Algorithm 1; k-diffusion's sample_dpm_2 and
// sample_dpm_2_ancestral; diffusers' KDPM2 classes): an Euler step half way in log sigma, and the slope there for the
// whole step. The last step, to sigma 0, is Euler's.

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

/// diffusers rounds the times of this spacing in these two classes.
Plan with_rounded_times(Plan plan, const KOptions& options) {
  if (options.use_karras_sigmas.value_or(false))
    for (Level& level : plan.levels) level.t = std::nearbyint(level.t);
  return plan;
}

/// x at `from` -> x at `sigma`.
Tensor dpm2_step(const Denoise& denoise, const Tensor& x, const Level& from, double sigma, const LevelFinder& levels) {
  const Tensor slope = slope_at(denoise, x, from);
  if (sigma == 0) return x - slope * from.sigma;
  const Level middle = levels.at(std::sqrt(from.sigma * sigma));
  const Tensor half_way = x + slope * (middle.sigma - from.sigma);
  return x + slope_at(denoise, half_way, middle) * (sigma - from.sigma);
}

class Dpm2 final : public KSampler<KOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<KOptions>& options() {
    static const auto table = k_options<KOptions>();
    return table;
  }
  Plan plan(int64_t steps, const NoiseModel& model) const override {
    return with_rounded_times(KSampler::plan(steps, model), options_);
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource&,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    for (size_t i = 0; i < plan.steps(); ++i) {
      x = dpm2_step(denoise, x, plan.levels[i], plan.levels[i + 1].sigma, levels);
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

class Dpm2Ancestral final : public KSampler<KNoiseOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<KNoiseOptions>& options() {
    static const auto table = k_noise_options<KNoiseOptions>();
    return table;
  }
  Plan plan(int64_t steps, const NoiseModel& model) const override {
    return with_rounded_times(KSampler::plan(steps, model), options_);
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level& from = plan.levels[i];
      const AncestralStep step = ancestral_step(from, plan.levels[i + 1], options_.eta, is_flow(model));
      x = dpm2_step(denoise, x, from, step.down, levels) * step.kept;
      if (step.up > 0) x = x + noise.normal_like(x) * (options_.s_noise * step.up);
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory dpm2() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "dpm2";
  info.help = "DPM2: second-order steps by the slope half way, two network calls each.";
  info.aliases = {{"dpm_2"}, {"k_dpm_2"}, {"dpm2_karras", karras}, {"DPM2 Karras", karras}};
  info.classes = {"KDPM2DiscreteScheduler"};
  return factory_of<Dpm2>(std::move(info));
}

MadeFactory dpm2_ancestral() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "dpm2_ancestral";
  info.help = "DPM2 ancestral: DPM2 with fresh noise in every step; never settles on one picture as steps grow.";
  info.aliases = {
      {"dpm_2_ancestral"},      {"dpm2_a"}, {"DPM2 a"}, {"k_dpm_2_a"}, {"k_dpm_2_ancestral"}, {"dpm2_a_karras", karras},
      {"DPM2 a Karras", karras}};
  info.classes = {"KDPM2AncestralDiscreteScheduler"};
  return factory_of<Dpm2Ancestral>(std::move(info));
}

}  // namespace alice::schedulers
