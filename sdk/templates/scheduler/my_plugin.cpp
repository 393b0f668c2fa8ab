// my_plugin: DPM-Solver-2, a sampler of second order from two network calls a step (Lu et al. 2022, arXiv 2206.00927,
// Algorithm 1), in sigma with alpha = 1.

#include <cmath>

#include "core/api/plugin.h"
#include "core/math/sampler_factory.h"
#include "core/math/x0_estimate.h"

namespace {

using namespace alice;

struct SolverOptions {
  SigmaSpacing spacing = SigmaSpacing::exponential;
};

class Solver final : public Scheduler {
 public:
  using Options = SolverOptions;

  static const OptionTable<Options>& options() {
    static const auto table = OptionTable<Options>().choice(
        "spacing", &Options::spacing, {{"exponential", SigmaSpacing::exponential}, {"karras", SigmaSpacing::karras}},
        "noise levels evenly in log sigma, as the paper has them, or as in Karras et al. 2022, equation 5");
    return table;
  }
  static void check(const Options&, const PlaceOf&, Faults&) {}  // one option cannot contradict another

  explicit Solver(const Options& options) : options_(options) {}

  Plan plan(int64_t steps, const NoiseModel& model) const override {
    check_steps(steps, model.train_steps());
    const SigmaTable table(model);
    Plan plan;
    for (const double sigma : spaced_sigmas(options_.spacing, table.range(), steps))
      plan.levels.push_back({1, sigma, table.time_of(sigma)});
    plan.levels.push_back({1, 0, 0});
    plan.init_noise_sigma = plan.levels.front().sigma;
    return plan;
  }

  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource&,
                const OnStep& on_step) const override {
    const SigmaTable table(model);
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      Tensor eps = noise_of(x, denoise(x, from), from);
      if (to.sigma > 0) {  // the paper's s_i, half way in log sigma; the last step is of first order
        const double sigma = std::sqrt(from.sigma * to.sigma);
        const Level middle = {1, sigma, table.time_of(sigma)};
        const Tensor u = x + eps * (sigma - from.sigma);
        eps = noise_of(u, denoise(u, middle), middle);
      }
      x = x + eps * (to.sigma - from.sigma);
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }

 private:
  Options options_;
};

FactoryInfo solver_info() {
  FactoryInfo info;
  info.id = "my_plugin";
  info.help = "DPM-Solver-2: second order from two network calls a step.";
  return info;
}

}  // namespace

ALICE_PLUGIN("my_plugin", "0.1.0",
             [](alice::Enrolment& enrol) { enrol.add(std::make_unique<alice::SamplerFactory<Solver>>(solver_info())); })
