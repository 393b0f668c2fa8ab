// Extended reverse-time SDE solver (Cui et al. 2023, arXiv 2309.06169, Algorithm 2 and equations 20 to 22; ComfyUI's
// sample_er_sde): with l = sigma / alpha and a noise scale s(l), the step from l to l' is exact but for an integral of
// 1 / s, taken as a sum of 200 points.

#include <algorithm>
#include <vector>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct ErSdeOptions : KOptions {
  int64_t max_stage = 3;
  double s_noise = 1;
};

double noise_scale(double l) { return l * (std::exp(std::pow(l, 0.3)) + 10); }

/// Over the points from l' on to l: of 1 / s, and of (point - l) / s.
struct Integrals {
  double plain = 0, weighted = 0;
};
Integrals integrals(double from, double to) {
  constexpr int kPoints = 200;
  const double width = (from - to) / kPoints;
  Integrals sums;
  for (int i = 0; i < kPoints; ++i) {
    const double point = to + i * width, share = width / noise_scale(point);
    sums.plain += share, sums.weighted += (point - from) * share;
  }
  return sums;
}

class ErSde final : public RatioSampler<ErSdeOptions> {
 public:
  using RatioSampler::RatioSampler;
  static const OptionTable<Options>& options() {
    static const auto table =
        k_options<ErSdeOptions>()
            .integer("max_stage", &ErSdeOptions::max_stage, {1, 3}, "picture estimates that a step is made from")
            .number("s_noise", &ErSdeOptions::s_noise, {0, 10}, "deviation of the fresh noise");
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource& noise,
                const OnStep& on_step) const override {
    Tensor last, last_slope;
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const Tensor x0 = denoise(x, from);
      if (to.sigma == 0) {
        x = x0;
      } else {
        const double s_to = noise_scale(to.sigma), r = s_to / noise_scale(from.sigma), span = to.sigma - from.sigma;
        const size_t stages = std::min(i + 1, static_cast<size_t>(options_.max_stage));
        x = x * r + x0 * (1 - r);
        if (stages >= 2) {
          const Integrals sums = integrals(from.sigma, to.sigma);
          const Tensor slope = (x0 - last) / (from.sigma - plan.levels[i - 1].sigma);
          x = x + slope * (span + sums.plain * s_to);
          if (stages >= 3) {
            const Tensor bend = (slope - last_slope) / ((from.sigma - plan.levels[i - 2].sigma) / 2);
            x = x + bend * (span * span / 2 + sums.weighted * s_to);
          }
          last_slope = slope;
        }
        const double up = std::sqrt(std::max(0.0, to.sigma * to.sigma - std::pow(from.sigma * r, 2)));
        if (options_.s_noise > 0) x = x + noise.normal_like(x) * (options_.s_noise * up);
      }
      last = x0;
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

}  // namespace

MadeFactory er_sde() {
  FactoryInfo info;
  info.id = "er_sde";
  info.help = "ER-SDE: stochastic steps of third order with less noise than the usual equation, one call each.";
  info.aliases = {{"ER SDE"}};
  return factory_of<ErSde>(std::move(info));
}

}  // namespace alice::schedulers
