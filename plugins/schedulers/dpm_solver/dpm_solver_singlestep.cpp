#include "plugins/schedulers/dpm_solver/dpm_solver_singlestep.h"

#include <algorithm>
#include <deque>

#include "core/math/sigma_plan.h"
#include "core/math/x0_estimate.h"
#include "plugins/schedulers/dpm_solver/dpm_options.h"
#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {
namespace {

/// What was seen at a level.
struct Seen {
  Tensor output;
  Level level;
};

/// The step to `to` of order seen.size() (the newest first) from `x` at the oldest level.
Tensor singlestep(const DpmSinglestepOptions& options, const Tensor& x, const std::deque<Seen>& seen, const Level& to,
                  const Tensor& noise) {
  const auto order = static_cast<int>(seen.size());
  const Seen& base = seen.back();
  const DpmWeights weights = dpm_weights(options.algorithm_type, options.solver_type, order, base.level, to);
  const float start = lambda_of(base.level), h = lambda_of(to) - start;
  const auto slope_to = [&](const Seen& other, float share) { return (other.output - base.output) * (1 / share); };
  const auto share_of = [&](const Seen& other) { return (lambda_of(other.level) - start) / h; };

  Tensor next = x * weights.keep + base.output * weights.output;
  if (order == 2) {
    next = next + slope_to(seen[0], share_of(seen[0])) * weights.first;
  } else if (order == 3) {
    const float far = share_of(seen[0]), near = share_of(seen[1]);
    const Tensor slope_far = slope_to(seen[0], far), slope_near = slope_to(seen[1], near);
    if (options.solver_type == DpmSolverType::midpoint)
      next = next + slope_far * weights.first;
    else
      next = next + (slope_near * far - slope_far * near) / (far - near) * weights.first +
             (slope_far - slope_near) * 2 / (far - near) * weights.second;
  }
  return noise.defined() ? next + noise * weights.fresh : next;
}

/// 1, 2, ..., order, again and again.
std::vector<int> groups(int64_t count, int64_t order) {
  std::vector<int> orders;
  for (int64_t group = 0; group < count; ++group)
    for (int64_t i = 1; i <= order; ++i) orders.push_back(static_cast<int>(i));
  return orders;
}

}  // namespace

const OptionTable<DpmSinglestepOptions>& DpmSolverSinglestep::options() {
  static const OptionTable<DpmSinglestepOptions> table = [] {
    using O = DpmSinglestepOptions;
    OptionTable<O> t;
    t.integer("solver_order", &O::solver_order, {1, 3},
              "order of the method; 2 for guided sampling, 3 without guidance")
        .choice("algorithm_type", &O::algorithm_type,
                {{"dpmsolver", DpmAlgorithm::dpmsolver},
                 {"dpmsolver++", DpmAlgorithm::dpmsolver_pp},
                 {"sde-dpmsolver++", DpmAlgorithm::sde_dpmsolver_pp},
                 {"deis", DpmAlgorithm::dpmsolver_pp}},  // in files of DEIS models; read as the reference reads it
                "integrate the noise or (++) the picture estimate; sde- adds fresh noise in each step")
        .choice("solver_type", &O::solver_type, dpm_solver_types(), "how a step weighs the derivatives")
        .boolean("lower_order_final", &O::lower_order_final,
                 "lower the order at the end; so in any case where the steps are no multiple of the order, and where "
                 "the run ends at no noise");
    add_sigma_options(t);
    add_final_sigma_option(t);
    add_lambda_min_option(t);
    add_variance_option(t);
    add_thresholding_options(t);
    return t;
  }();
  return table;
}

void DpmSolverSinglestep::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
  if (!integrates_x0(options.algorithm_type) && options.final_sigmas_type == FinalSigma::zero)
    faults.add(place("final_sigmas_type"),
               "must be sigma_min with algorithm_type dpmsolver, which cannot step to no noise at all");
  check_variance(options.variance_type, place, faults);
}

Plan DpmSolverSinglestep::plan(int64_t steps, const NoiseModel& model) const {
  check_steps(steps, model.train_steps());
  if (const auto levels = run_levels(options_, steps, model))
    return vp_plan(*levels, options_.final_sigmas_type, model);
  if (model.path() == NoisePath::flow)
    return flow_plan(flow_grid(steps, 1 - 1 / static_cast<double>(model.train_steps()), 0), sigma_spacing(options_),
                     options_.final_sigmas_type, model, /*ends_at_betas=*/true);
  if (model.path() == NoisePath::edm) return own_sigma_plan(options_, steps, model, options_.final_sigmas_type);
  const SigmaTable table(model);
  const int64_t usable_steps = table.steps_up_to(-options_.lambda_min_clipped);
  std::vector<double> times =
      rounded(spaced_timesteps(TimestepSpacing::linspace, steps, usable_steps, 0, LowestTime::left_out));
  std::vector<double> sigmas = table.sigmas_at(times);
  if (const SigmaSpacing spacing = sigma_spacing(options_); spacing != SigmaSpacing::uniform_in_time) {
    sigmas = spaced_sigmas(spacing, table.range(), steps);
    times = table.times_of(sigmas);
    if (spacing == SigmaSpacing::karras) times = rounded(times);
  }
  sigmas.push_back(options_.final_sigmas_type == FinalSigma::zero ? 0 : std::min(table.range().minimum, sigmas.back()));
  return vp_plan(sigmas, times);
}

Tensor DpmSolverSinglestep::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&,
                                   NoiseSource& noise, const OnStep& on_step) const {
  const std::vector<int> order_of =
      orders(static_cast<int64_t>(plan.first_step + plan.steps()), plan.levels.back().sigma == 0);
  std::deque<Seen> seen;
  Tensor base;  // x where the group started
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    seen.push_front({output(denoise, x, from), from});
    // A run that begins later begins a group as well; a step of lower order than the one before does, too.
    const auto order = std::min(static_cast<size_t>(order_of[plan.first_step + i]), seen.size());
    seen.resize(order);
    if (order == 1) base = x;
    const Tensor fresh = is_stochastic(options_.algorithm_type) ? noise.normal_like(x) : Tensor();
    x = singlestep(options_, base, seen, plan.levels[i + 1], fresh);
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

Tensor DpmSolverSinglestep::output(const Denoise& denoise, const Tensor& x, const Level& level) const {
  const Tensor x0 = limited(denoise(x, level), options_);
  return integrates_x0(options_.algorithm_type) ? x0 : noise_of(x, x0, level);
}

std::vector<int> DpmSolverSinglestep::orders(int64_t steps, bool ends_at_zero) const {
  const int64_t order = options_.solver_order, left = steps % order;
  if (!options_.lower_order_final && left == 0 && !ends_at_zero) return groups(steps / order, order);
  if (order == 1) return std::vector<int>(static_cast<size_t>(steps), 1);
  std::vector<int> list = groups(left == 0 ? steps / order - 1 : steps / order, order);
  const std::vector<int> end = left == 1                 ? std::vector<int>{1}
                               : left == 0 && order == 2 ? std::vector<int>{1, 1}
                               : left == 0               ? std::vector<int>{1, 2, 1}
                                                         : std::vector<int>{1, 2};
  list.insert(list.end(), end.begin(), end.end());
  if (ends_at_zero) list.back() = 1;
  return list;
}

}  // namespace alice::schedulers
