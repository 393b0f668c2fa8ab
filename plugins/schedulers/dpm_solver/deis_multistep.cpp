#include "plugins/schedulers/dpm_solver/deis_multistep.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include "core/math/sigma_plan.h"
#include "core/math/x0_estimate.h"
#include "plugins/schedulers/dpm_solver/dpm_step.h"
#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {
namespace {

struct SeenNoise {
  Tensor eps;
  float rho, log_rho;
};
SeenNoise seen_at(const Tensor& eps, const Level& level) {
  const float rho = static_cast<float>(level.sigma) / static_cast<float>(level.alpha);
  return {eps, rho, std::log(rho)};
}

/// Integrals over rho, up to `rho`, of the Lagrange polynomial in log rho that is 1 at b and 0 at c (and d), in float32
/// as the reference.
float integral(float rho, float b, float c) { return rho * (std::log(rho) - c - 1) / (b - c); }
float integral(float rho, float b, float c, float d) {
  const float log_rho = std::log(rho);
  const float numerator = rho * (c * (d - log_rho + 1) - d * log_rho + d + log_rho * log_rho - 2 * log_rho + 2);
  return numerator / ((b - c) * (b - d));
}

/// What each noise estimate, the newest first, counts for in the step of x / alpha to `rho`.
std::vector<float> weights_of(const std::deque<SeenNoise>& seen, float rho) {
  const auto log_at = [&](size_t i) { return seen[i].log_rho; };
  const float from = seen[0].rho;
  if (seen.size() == 1) return {rho - from};
  std::vector<float> weights;
  const size_t order = seen.size();
  for (size_t i = 0; i < order; ++i) {
    const float b = log_at(i), c = log_at((i + 1) % order);
    if (order == 2)
      weights.push_back(integral(rho, b, c) - integral(from, b, c));
    else
      weights.push_back(integral(rho, b, c, log_at((i + 2) % order)) - integral(from, b, c, log_at((i + 2) % order)));
  }
  return weights;
}

}  // namespace

const OptionTable<DeisMultistepOptions>& DeisMultistep::options() {
  static const OptionTable<DeisMultistepOptions> table = [] {
    using O = DeisMultistepOptions;
    OptionTable<O> t;
    t.integer("solver_order", &O::solver_order, {1, 3}, "noise estimates that a step is made from")
        .choice("algorithm_type", &O::algorithm_type,
                {{"deis", DeisName::known}, {"dpmsolver", DeisName::known}, {"dpmsolver++", DeisName::known}},
                "read as deis, whichever it is: files of other solvers have it")
        .choice("solver_type", &O::solver_type,
                {{"logrho", DeisName::known},
                 {"midpoint", DeisName::known},
                 {"heun", DeisName::known},
                 {"bh1", DeisName::known},
                 {"bh2", DeisName::known}},
                "read as logrho, whichever it is: likewise")
        .boolean("lower_order_final", &O::lower_order_final,
                 "lower the order in the last two steps of runs shorter than 15");
    add_spacing_options(t);
    add_sigma_options(t);
    add_thresholding_options(t);
    return t;
  }();
  return table;
}

void DeisMultistep::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
}

Plan DeisMultistep::plan(int64_t steps, const NoiseModel& model) const {
  return least_noise_plan(options_, options_, steps, model.train_steps(), model);
}

Tensor DeisMultistep::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                             const OnStep& on_step) const {
  std::deque<SeenNoise> seen;
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    seen.push_front(seen_at(noise_of(x, limited(denoise(x, from), options_), from), from));
    if (seen.size() > static_cast<size_t>(options_.solver_order)) seen.pop_back();
    if (order_at(i, plan) == 1 && to.sigma > 0) {
      const DpmWeights weights = dpm_weights(DpmAlgorithm::dpmsolver, DpmSolverType::midpoint, 1, from, to);
      x = x * weights.keep + seen[0].eps * weights.output;
      on_step(i + 1, plan.steps(), x);
      continue;
    }
    const std::deque<SeenNoise> used(seen.begin(), seen.begin() + order_at(i, plan));
    const std::vector<float> weights = weights_of(used, static_cast<float>(to.sigma) / static_cast<float>(to.alpha));
    Tensor next = x / from.alpha;
    for (size_t k = 0; k < used.size(); ++k) next = next + used[k].eps * weights[k];
    x = next * to.alpha;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

int DeisMultistep::order_at(size_t i, const Plan& plan) const {
  constexpr size_t kShortRun = 15;  // where lower_order_final applies, counted over the uncut plan
  const bool lowers = options_.lower_order_final && plan.steps() + plan.first_step < kShortRun;
  const size_t known = i + 1, left = lowers ? plan.steps() - i : plan.steps();
  const bool leads_to_picture = plan.levels[i + 1].sigma == 0;  // whose log rho there is none of
  if (leads_to_picture) return 1;
  return static_cast<int>(std::min({static_cast<size_t>(options_.solver_order), known, left}));
}

}  // namespace alice::schedulers
