// SEEDS-2 and SEEDS-3 (Gonzalez et al. 2023, arXiv 2305.14267, Algorithms 2 and 4; ComfyUI's sample_seeds_2 and
// sample_seeds_3): exponential Runge-Kutta steps of the stochastic equation, whose stages' noise is of one motion.

#include <vector>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

/// The noise of a step, added stage by stage: of what there was, a share is forgotten on the way to the next.
class StageNoise {
 public:
  StageNoise(NoiseSource& source, const KNoiseOptions& options) : source_(source), options_(options) {}
  /// What is to be added at `to`, a log signal-to-noise of `h` after the stage before; undefined without noise.
  Tensor on(const Tensor& like, double h, const Level& to) {
    if (options_.eta == 0 || options_.s_noise == 0) return {};
    const double way = h * options_.eta;
    const Tensor fresh = source_.normal_like(like) * std::sqrt(-std::expm1(-2 * way));
    sum_ = sum_.defined() ? sum_ * std::exp(-way) + fresh : fresh;
    return sum_ * (to.sigma * options_.s_noise);
  }

 private:
  NoiseSource& source_;
  const KNoiseOptions& options_;
  Tensor sum_;
};

Tensor plus(const Tensor& x, const Tensor& noise) { return noise.defined() ? x + noise : x; }

template <class Step>
Tensor in_steps(const Denoise& denoise, Tensor x, const Plan& plan, const OnStep& on_step, const Step& step) {
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    const Tensor x0 = denoise(x, from);
    x = to.sigma == 0 ? x0 : step(x, x0, from, to);
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

class Seeds2 final : public RatioSampler<KNoiseOptions> {
 public:
  using RatioSampler::RatioSampler;
  static const OptionTable<Options>& options() {
    static const auto table = k_noise_options<KNoiseOptions>();
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& source,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    const double eta = options_.eta;
    return in_steps(
        denoise, x, plan, on_step, [&](const Tensor& now, const Tensor& x0, const Level& from, const Level& to) {
          const double h = std::log(from.sigma / to.sigma), half = h / 2;
          const Level middle = levels.at_ratio(std::sqrt(from.sigma * to.sigma));
          StageNoise noise(source, options_);
          const Tensor seen =
              plus(now * (middle.sigma / from.sigma * std::exp(-half * eta)) + x0 * h_phi_1(half * (1 + eta)),
                   noise.on(now, half, middle));
          return plus(
              now * (to.sigma / from.sigma * std::exp(-h * eta)) + denoise(seen, middle) * h_phi_1(h * (1 + eta)),
              noise.on(now, half, to));
        });
  }
};

class Seeds3 final : public RatioSampler<KNoiseOptions> {
 public:
  using RatioSampler::RatioSampler;
  static const OptionTable<Options>& options() {
    static const auto table = k_noise_options<KNoiseOptions>();
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& source,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    const double eta = options_.eta;
    return in_steps(
        denoise, x, plan, on_step, [&](const Tensor& now, const Tensor& x0, const Level& from, const Level& to) {
          const double h = std::log(from.sigma / to.sigma), third = h / 3, grown = h * (1 + eta);
          const auto at_share = [&](double r) {
            return levels.at_ratio(from.sigma * std::pow(to.sigma / from.sigma, r));
          };
          const auto kept = [&](const Level& level, double r) {
            return now * (level.sigma / from.sigma * std::exp(-r * h * eta));
          };
          const Level one = at_share(1.0 / 3), two = at_share(2.0 / 3);
          StageNoise noise(source, options_);
          const Tensor first = plus(kept(one, 1.0 / 3) + x0 * h_phi_1(grown / 3), noise.on(now, third, one));
          const Tensor seen_first = denoise(first, one);

          const double whole2 = h_phi_1(grown * 2 / 3), of_slope2 = 2 * h_phi_2(grown * 2 / 3);
          const Tensor second =
              plus(kept(two, 2.0 / 3) + x0 * (whole2 - of_slope2) + seen_first * of_slope2, noise.on(now, third, two));
          const double whole = h_phi_1(grown), of_slope = 1.5 * h_phi_2(grown);
          const Tensor seen_second = denoise(second, two);
          return plus(kept(to, 1) + x0 * (whole - of_slope) + seen_second * of_slope, noise.on(now, third, to));
        });
  }
};

}  // namespace

MadeFactory seeds_2() {
  FactoryInfo info;
  info.id = "seeds_2";
  info.help = "SEEDS-2: stochastic exponential steps with two network calls each.";
  info.aliases = {{"SEEDS 2"}};
  return factory_of<Seeds2>(std::move(info));
}

MadeFactory seeds_3() {
  FactoryInfo info;
  info.id = "seeds_3";
  info.help = "SEEDS-3: stochastic exponential steps with three network calls each.";
  info.aliases = {{"SEEDS 3"}};
  return factory_of<Seeds3>(std::move(info));
}

}  // namespace alice::schedulers
