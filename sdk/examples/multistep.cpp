// A sampler that remembers: DPM-Solver++(2M), second order from one network call a step (Lu et al. 2022, arXiv
// 2211.01095, Algorithm 2), in sigma with alpha = 1. docs/plugins/cookbook.md shows it.

#include <cmath>

#include "core/api/plugin.h"
#include "core/math/sampler_factory.h"

namespace {

using namespace alice;

struct NoOptions {};

class Multistep final : public Scheduler {
 public:
  using Options = NoOptions;

  static const OptionTable<Options>& options() {
    static const OptionTable<Options> none;
    return none;
  }
  static void check(const Options&, const PlaceOf&, Faults&) {}

  explicit Multistep(const Options&) {}

  Plan plan(int64_t steps, const NoiseModel& model) const override {
    check_steps(steps, model.train_steps());
    const SigmaTable table(model);
    Plan plan;
    for (const double sigma : spaced_sigmas(SigmaSpacing::exponential, table.range(), steps))
      plan.levels.push_back({1, sigma, table.time_of(sigma)});
    plan.levels.push_back({1, 0, 0});
    plan.init_noise_sigma = plan.levels.front().sigma;
    return plan;
  }

  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                const OnStep& on_step) const override {
    Tensor earlier;            // the estimate of x0 one step before; undefined in the first step
    double earlier_width = 0;  // that step's, in lambda = -log sigma
    for (size_t i = 0; i < plan.steps(); ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      const double width = std::log(from.sigma / to.sigma);  // infinite in the last step
      const Tensor x0 = denoise(x, from);
      Tensor middle = x0;                     // as in a first-order step: nothing is known of how x0 moves
      if (earlier.defined() && to.sigma > 0)  // else the line through both estimates, half a step ahead
        middle = x0 + (x0 - earlier) * (width / (2 * earlier_width));
      const double kept = to.sigma / from.sigma;
      x = x * kept + middle * (1 - kept);
      earlier = x0, earlier_width = width;
      on_step(i + 1, plan.steps(), x);
    }
    return x;
  }
};

FactoryInfo multistep_info() {
  FactoryInfo info;
  info.id = "example_multistep";
  info.help = "DPM-Solver++(2M): second order from one network call a step.";
  return info;
}

}  // namespace

ALICE_PLUGIN("example_multistep", "0.1.0", [](alice::Enrolment& enrol) {
  enrol.add(std::make_unique<alice::SamplerFactory<Multistep>>(multistep_info()));
})
