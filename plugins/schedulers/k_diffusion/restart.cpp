// Restart sampling (Xu et al. 2023, arXiv 2306.14878, Algorithm 1; AUTOMATIC1111's sd_samplers_extra.py): Heun's
// method, which at a low sigma jumps back to a higher one by adding noise, and goes down again. From 20 steps on; of 36
// on twice.

#include <algorithm>
#include <vector>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct RestartOptions : KOptions {
  double s_noise = 1;
};

struct SigmaStep {
  double from, to;
};

std::vector<double> karras(int64_t count, double most, double least) {
  return spaced_sigmas(SigmaSpacing::karras, {most, least}, count);
}

size_t nearest(const std::vector<double>& sigmas, double wanted) {
  const auto closer = [&](double a, double b) { return std::abs(a - wanted) < std::abs(b - wanted); };
  return static_cast<size_t>(std::min_element(sigmas.begin(), sigmas.end(), closer) - sigmas.begin());
}

void append_steps(std::vector<SigmaStep>& steps, const std::vector<double>& sigmas, size_t first, size_t last) {
  for (size_t i = first; i < last; ++i) steps.push_back({sigmas[i], sigmas[i + 1]});
}

/// As many as the plan's.
std::vector<SigmaStep> restarted_steps(const Plan& plan) {
  constexpr size_t kFewest = 20, kMany = 36, kSteps = 9;
  constexpr double kJumpFrom = 0.1, kJumpTo = 2;  // of sigma
  std::vector<double> sigmas;
  for (const Level& level : plan.levels) sigmas.push_back(level.sigma);
  const size_t count = plan.steps();
  std::vector<SigmaStep> plain, steps;
  append_steps(plain, sigmas, 0, count);
  if (count < kFewest) return plain;
  const size_t again = count >= kMany ? count / 4 : kSteps, times = count >= kMany ? 2 : 1;
  const double end = sigmas.back(), least = end == 0 ? sigmas[count - 1] : end;
  std::vector<double> base = karras(static_cast<int64_t>(count - again * times), sigmas.front(), least);
  base.push_back(0);
  const size_t low = nearest(base, kJumpFrom), high = nearest(base, kJumpTo), last = base.size() - 1;
  if (high >= low || low >= last) return plain;  // a range without those sigmas
  append_steps(steps, base, 0, low);
  const std::vector<double> repeated = karras(static_cast<int64_t>(again) + 1, base[high], base[low]);
  for (size_t i = 0; i < times; ++i) append_steps(steps, repeated, 0, again);
  append_steps(steps, base, low, last);
  return steps;
}

class Restart final : public KSampler<RestartOptions> {
 public:
  using KSampler::KSampler;
  static const OptionTable<Options>& options() {
    static const auto table =
        k_options<RestartOptions>().number("s_noise", &RestartOptions::s_noise, {0, 10}, "deviation of a jump's noise");
    return table;
  }
  /// The plan says how many steps, and from where to where: with jumps the levels in between are those of the karras
  /// spacing. Throws Error(bad_request) for a flow-matching model, whose noise cannot be added to a picture of full
  /// strength.
  Plan plan(int64_t steps, const NoiseModel& model) const override {
    if (is_flow(model))
      throw Error(
          ErrorCode::bad_request, "/scheduler",
          "Restart adds noise to a picture of full strength, which a flow-matching model's is not: name another "
          "sampler");
    return KSampler::plan(steps, model);
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    const std::vector<SigmaStep> steps = restarted_steps(plan);
    size_t told = 0;
    double reached = steps.front().from;
    for (const SigmaStep& step : steps) {
      if (step.from > reached)
        x = x + noise.normal_like(x) * (options_.s_noise * std::sqrt(step.from * step.from - reached * reached));
      x = heun_step(denoise, x, step, levels);
      reached = step.to;
      on_step(++told, plan.steps(), x);
    }
    return x;
  }

 private:
  static Tensor heun_step(const Denoise& denoise, const Tensor& x, const SigmaStep& step, const LevelFinder& levels) {
    const double span = step.to - step.from;
    const Tensor slope = slope_at(denoise, x, levels.at(step.from)), straight = x + slope * span;
    if (step.to == 0) return straight;
    return x + (slope + slope_at(denoise, straight, levels.at(step.to))) * (span / 2);
  }
};

}  // namespace

MadeFactory restart() {
  FactoryInfo info;
  info.id = "restart";
  info.help = "Restart: Heun's method that goes back to more noise once or twice; two network calls a step.";
  return factory_of<Restart>(std::move(info));
}

}  // namespace alice::schedulers
