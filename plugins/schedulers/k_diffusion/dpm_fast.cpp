// DPM-Solver-fast (Lu et al. 2022, arXiv 2206.00927, section 3.4; k-diffusion's sample_dpm_fast): as many calls as
// steps, in groups of three with DPM-Solver-3 and the rest with lower orders, evenly in log sigma, from the model's
// largest sigma to its least. Each call is told as a step.

#include <algorithm>
#include <vector>

#include "plugins/schedulers/k_diffusion/dpm_solver_steps.h"

namespace alice::schedulers {
namespace {

struct DpmFastOptions {
  double eta = 0, s_noise = 1;
};

/// Calls of each group.
std::vector<int> orders_of(int64_t calls) {
  std::vector<int> orders(static_cast<size_t>(calls / 3), 3);
  if (calls % 3 > 0) {
    orders.push_back(static_cast<int>(calls % 3));
  } else {
    orders.back() = 2;
    orders.push_back(1);
  }
  return orders;
}

/// `points` sigmas, evenly in the logarithm.
std::vector<double> even_in_log(double from, double to, size_t points) {
  std::vector<double> sigmas;
  for (size_t i = 0; i < points; ++i)
    sigmas.push_back(from * std::pow(to / from, static_cast<double>(i) / static_cast<double>(points - 1)));
  return sigmas;
}

/// Of every call, and the end.
std::vector<double> sigmas_of_calls(double most, double least, int64_t steps) {
  const std::vector<int> orders = orders_of(steps);
  const std::vector<double> groups = even_in_log(most, least, orders.size() + 1);
  std::vector<double> sigmas;
  for (size_t group = 0; group < orders.size(); ++group)
    for (int call = 0; call < orders[group]; ++call)
      sigmas.push_back(groups[group] * std::pow(groups[group + 1] / groups[group], call / double(orders[group])));
  sigmas.push_back(least);
  return sigmas;
}

class DpmFast final : public Scheduler {
 public:
  using Options = DpmFastOptions;
  static const OptionTable<Options>& options() {
    static const auto table = [] {
      OptionTable<Options> t;
      add_noise_options(t);
      return t;
    }();
    return table;
  }
  static void check(const Options&, const PlaceOf&, Faults&) {}
  explicit DpmFast(const Options& options) : options_(options) {}

  Plan plan(int64_t steps, const NoiseModel& model) const override {
    const SigmaRange range = whole_range(steps, model);
    const LevelFinder levels(model);
    Plan plan;
    for (const double sigma : sigmas_of_calls(range.maximum, range.minimum, steps))
      plan.levels.push_back(levels.at(sigma));
    plan.init_noise_sigma = is_flow(model) ? 1 : plan.levels.front().sigma;
    return plan;
  }

  /// A run that begins later has groups of its own, of as many calls as are left.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& source,
                const OnStep& on_step) const override {
    const LevelFinder levels(model);
    RunNoise noise(source, plan);
    const std::vector<int> orders = orders_of(static_cast<int64_t>(plan.steps()));
    const double least = plan.levels.back().sigma;
    const std::vector<double> groups = even_in_log(plan.levels.front().sigma, least, orders.size() + 1);
    size_t told = 0;
    const auto tell = [&](const Tensor& now) { on_step(++told, plan.steps(), now); };
    for (size_t group = 0; group < orders.size(); ++group) {
      const Level from = levels.at(groups[group]), to = levels.at(groups[group + 1]);
      AncestralStep step = ancestral_step(from, to, options_.eta, is_flow(model));
      if (step.down < least && !is_flow(model))  // no lower than the end
        step = {least, 1, std::sqrt(std::max(0.0, to.sigma * to.sigma - least * least))};
      DpmSolverSteps solver(denoise, levels, x, from, tell);
      const Tensor next = orders[group] == 1   ? solver.first(step.down)
                          : orders[group] == 2 ? solver.second(step.down)
                                               : solver.third(step.down);
      const Tensor before = x;
      x = next * step.kept;
      if (step.up > 0) x = x + noise.between(before, from.sigma, to.sigma) * (options_.s_noise * step.up);
      tell(x);
    }
    return x;
  }

 private:
  Options options_;
};

}  // namespace

MadeFactory dpm_fast() {
  FactoryInfo info;
  info.id = "dpm_fast";
  info.help = "DPM fast: DPM-Solver-3 with as many network calls as steps; ends at the model's least noise.";
  info.aliases = {{"k_dpm_fast"}, {"DPM fast", {{"eta", 1}}}};  // A1111's has its eta
  return factory_of<DpmFast>(std::move(info));
}

}  // namespace alice::schedulers
