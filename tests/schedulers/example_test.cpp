// The cookbook's multistep sampler (sdk/examples/multistep.cpp) against mathematics, and against the plugin of ours
// that has the same formula with another scaling of x.

#include <cmath>

#include "tests/schedulers/samplers.h"
#include "tests/support/catch.h"

namespace alice::test {
namespace {

constexpr double kDataDeviation = 0.6;

std::shared_ptr<const Scheduler> example() {
  static const auto* const plugin = new Plugin(load_plugin("../sdk/plugins/example-multistep"));
  return make_sampler(*plugin->all<SchedulerFactory>().at(0));
}

/// Of x in units of alpha, so that both scalings see the same picture; not linear.
Tensor bent_denoiser(const Tensor& x, const Level& level) {
  const double ratio = level.sigma / level.alpha;
  return at::tanh(x / (level.alpha * std::sqrt(1 + ratio * ratio))) * kDataDeviation;
}

/// Relative distance from the exact path of normally distributed data, from sigma 10 to sigma 0.1.
double error_at(int64_t steps) {
  const auto deviation = [](double sigma) { return std::hypot(kDataDeviation, sigma); };
  Plan plan;
  for (int64_t i = 0; i <= steps; ++i)
    plan.levels.push_back({1, 10 * std::pow(0.01, static_cast<double>(i) / static_cast<double>(steps)), 0});
  const auto best = [&](const Tensor& x, const Level& level) {
    return x * std::pow(kDataDeviation / deviation(level.sigma), 2);
  };
  SeededNoise none({0});
  const Tensor end = example()->sample(best, at::ones({1, 1, 1, 1}, at::kDouble), plan, stable_diffusion_noise(), none,
                                       ignore_step);
  return std::abs(end.item<double>() / (deviation(0.1) / deviation(10)) - 1);
}

Tensor end_of(const Scheduler& scheduler, int64_t steps, size_t first_step) {
  const NoiseModel model = stable_diffusion_noise();
  const Plan plan = scheduler.plan(steps, model).from(first_step);
  const Level& from = plan.levels.front();
  SeededNoise noise({7});
  const Tensor start = noise.normal({4, 5, 7}) * std::hypot(from.alpha, from.sigma);
  return scheduler.sample(bent_denoiser, start, plan, model, noise, ignore_step);
}

}  // namespace

TEST_CASE("the cookbook's multistep sampler is of second order, its first step of first order notwithstanding") {
  for (const int64_t steps : {32, 64, 128})
    CHECK(std::log2(error_at(steps) / error_at(2 * steps)) == Approx(2).margin(0.15));
}

TEST_CASE("the cookbook's multistep sampler ends where ours of the same formula ends") {
  const auto ours = make_sampler("dpm_solver_multistep", {{"solver_order", 2},
                                                          {"use_exponential_sigmas", true},
                                                          {"final_sigmas_type", "zero"},
                                                          {"lower_order_final", false}});
  for (const auto& [steps, first_step] : {std::pair<int64_t, size_t>{1, 0}, {2, 0}, {3, 0}, {20, 0}, {20, 7}}) {
    INFO(steps << " steps from " << first_step);
    const Tensor end = end_of(*example(), steps, first_step);
    CHECK((end - end_of(*ours, steps, first_step)).abs().max().item<double>() < 2e-5);
    CHECK(end.abs().max().item<double>() > 0.1);
  }
}

}  // namespace alice::test
