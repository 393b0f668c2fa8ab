// DPM-Solver++ for the stochastic equation, singlestep (k-diffusion's sample_dpmpp_sde; Lu et al. 2022, arXiv
// 2211.01095, has the multistep form): two ancestral exponential steps from the same x, to half way and to the end. The
// noise of both is of one Brownian motion, since the second interval holds the first.

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct DpmppSdeOptions : KNoiseOptions {
  std::optional<int64_t> noise_sampler_seed;
};

class DpmppSde final : public RatioSampler<DpmppSdeOptions> {
 public:
  using RatioSampler::RatioSampler;
  static const OptionTable<DpmppSdeOptions>& options() {
    static const auto table = k_noise_options<DpmppSdeOptions>().integer(
        "noise_sampler_seed", &DpmppSdeOptions::noise_sampler_seed, {0, 9007199254740991.0},
        "a seed of its own for the noise, as in diffusers: must be null, each picture's seed is used");
    return table;
  }
  static void check(const DpmppSdeOptions& options, const PlaceOf& place, Faults& faults) {
    check_sigma_options(options, place, faults);
    if (options.noise_sampler_seed)
      faults.add(place("noise_sampler_seed"), "cannot be given: the noise comes from each picture's own seed");
  }

  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& source,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    RunNoise noise(source, plan);
    /// x at `from` -> x at `to`, towards x0.
    const auto step = [&](const Tensor& x0, const Level& from, const Level& to) {
      const AncestralStep ancestral = ancestral_step(from, to, options_.eta, false);
      const Tensor next = towards(x0, x, from, ancestral.down);
      if (ancestral.up == 0) return next;
      return next + noise.between(x, from.sigma, to.sigma) * (options_.s_noise * ancestral.up);
    };
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const Tensor x0 = denoise(x, from);
      if (to.sigma == 0) {
        x = x0;
      } else {
        const Level middle = levels.at_ratio(std::sqrt(from.sigma * to.sigma));
        const Tensor half_way = step(x0, from, middle);
        x = step(denoise(half_way, middle), from, to);
      }
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory dpmpp_sde() {
  const Json karras = spacing_preset(SigmaSpacing::karras);
  FactoryInfo info;
  info.id = "dpmpp_sde";
  info.help = "DPM++ SDE: stochastic second-order steps, two network calls each; detailed pictures in few steps.";
  info.aliases = {{"dpm++_sde_singlestep"},     {"dpmpp_sde_gpu"},           {"DPM++ SDE"}, {"k_dpmpp_sde"},
                  {"dpmpp_sde_karras", karras}, {"DPM++ SDE Karras", karras}};
  info.classes = {"DPMSolverSDEScheduler"};
  return factory_of<DpmppSde>(std::move(info));
}

}  // namespace alice::schedulers
