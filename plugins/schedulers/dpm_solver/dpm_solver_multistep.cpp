#include "plugins/schedulers/dpm_solver/dpm_solver_multistep.h"

#include <algorithm>

#include "core/math/sigma_plan.h"
#include "core/math/x0_estimate.h"
#include "plugins/schedulers/dpm_solver/dpm_options.h"
#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {

const OptionTable<DpmSolverOptions>& DpmSolverMultistep::options() {
  static const OptionTable<DpmSolverOptions> table = [] {
    using O = DpmSolverOptions;
    OptionTable<O> t;
    t.integer("solver_order", &O::solver_order, {1, 3},
              "order of the method; 2 for guided sampling, 3 without guidance")
        .choice("algorithm_type", &O::algorithm_type,
                {{"dpmsolver", DpmAlgorithm::dpmsolver},
                 {"dpmsolver++", DpmAlgorithm::dpmsolver_pp},
                 {"sde-dpmsolver", DpmAlgorithm::sde_dpmsolver},
                 {"sde-dpmsolver++", DpmAlgorithm::sde_dpmsolver_pp},
                 {"deis", DpmAlgorithm::dpmsolver_pp}},  // in files of DEIS models; read as the reference reads it
                "integrate the noise or (++) the picture estimate; sde- adds fresh noise in each step")
        .choice("solver_type", &O::solver_type, dpm_solver_types(), "how a second-order step weighs the derivative")
        .boolean("lower_order_final", &O::lower_order_final,
                 "lower the order in the last two steps of runs shorter than 15")
        .boolean("euler_at_final", &O::euler_at_final, "make the last step one of first order");
    add_spacing_options(t);
    add_sigma_options(t);
    t.boolean("use_lu_lambdas", &O::use_lu_lambdas, "noise levels evenly in log signal-to-noise (Lu et al. 2022)");
    add_final_sigma_option(t);
    add_lambda_min_option(t);
    add_variance_option(t);
    add_thresholding_options(t);
    return t;
  }();
  return table;
}

void DpmSolverMultistep::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
  if (options.use_lu_lambdas && sigma_spacing(options) != SigmaSpacing::uniform_in_time)
    faults.add(place("use_lu_lambdas"), "excludes every other spacing of the noise levels");
  if (!integrates_x0(options.algorithm_type) && options.final_sigmas_type == FinalSigma::zero)
    faults.add(
        place("final_sigmas_type"),
        "must be sigma_min with algorithm_type dpmsolver and sde-dpmsolver, which cannot step to no noise at all");
  if (options.algorithm_type == DpmAlgorithm::sde_dpmsolver && options.solver_order == 3)
    faults.add(place("solver_order"), "must be 1 or 2 with algorithm_type sde-dpmsolver");
  check_variance(options.variance_type, place, faults);
}

Plan DpmSolverMultistep::plan(int64_t steps, const NoiseModel& model) const {
  check_steps(steps, model.train_steps());
  if (const auto levels = run_levels(options_, steps, model))
    return vp_plan(*levels, options_.final_sigmas_type, model);
  if (model.path() == NoisePath::flow)
    return flow_plan(flow_grid(steps, 1 - 1 / static_cast<double>(model.train_steps()), 0), spacing(),
                     options_.final_sigmas_type, model, /*ends_at_betas=*/true);
  if (model.path() == NoisePath::edm) return own_sigma_plan(options_, steps, model, options_.final_sigmas_type);
  const SigmaTable table(model);
  const int64_t usable_steps = table.steps_up_to(-options_.lambda_min_clipped);
  // With trailing and lambda_min_clipped the reference makes fewer steps than asked for; these are all of them.
  std::vector<double> times = rounded(
      spaced_timesteps(options_.timestep_spacing, steps, usable_steps, options_.steps_offset, LowestTime::left_out));
  std::vector<double> sigmas = table.sigmas_at(times);
  if (spacing() != SigmaSpacing::uniform_in_time) {
    sigmas = spaced_sigmas(spacing(), table.range(), steps);
    times = table.times_of(sigmas);
    const bool rounds = spacing() == SigmaSpacing::karras || spacing() == SigmaSpacing::lu;
    if (rounds && model.options().beta_schedule != BetaSchedule::squaredcos_cap_v2) times = rounded(times);
  }
  sigmas.push_back(options_.final_sigmas_type == FinalSigma::zero ? 0 : std::min(table.range().minimum, sigmas.back()));
  return vp_plan(sigmas, times);
}

Tensor DpmSolverMultistep::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&,
                                  NoiseSource& noise, const OnStep& on_step) const {
  DpmHistory history;
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    history.push_front({output(denoise, x, from), lambda_of(from)});
    if (history.size() > static_cast<size_t>(options_.solver_order)) history.pop_back();

    const Tensor fresh = is_stochastic(options_.algorithm_type) ? noise.normal_like(x) : Tensor();
    x = dpm_step(options_.algorithm_type, options_.solver_type, order_at(i, plan), x, history, from, to, fresh);
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

SigmaSpacing DpmSolverMultistep::spacing() const {
  return options_.use_lu_lambdas ? SigmaSpacing::lu : sigma_spacing(options_);
}

Tensor DpmSolverMultistep::output(const Denoise& denoise, const Tensor& x, const Level& level) const {
  Tensor x0 = denoise(x, level);
  x0 = limited(x0, options_);
  return integrates_x0(options_.algorithm_type) ? x0 : noise_of(x, x0, level);
}

int DpmSolverMultistep::order_at(size_t i, const Plan& plan) const {
  constexpr size_t kShortRun = 15;  // where lower_order_final applies, counted over the uncut plan
  const bool lowers = options_.lower_order_final && plan.steps() + plan.first_step < kShortRun;
  const size_t left = plan.steps() - i;
  const Level &from = plan.levels[i], &to = plan.levels[i + 1];
  const bool first_order_last = left == 1 && (options_.euler_at_final || lowers || to.sigma == 0);
  const bool leads_nowhere = to.sigma == from.sigma;  // final_sigmas_type sigma_min where the run is there already
  if (first_order_last || leads_nowhere) return 1;
  const size_t known = i + 1;  // outputs, in a run that starts at step 0 of its plan
  const size_t most = lowers && left == 2 ? 2 : 3;
  return static_cast<int>(std::min({static_cast<size_t>(options_.solver_order), known, most}));
}

}  // namespace alice::schedulers
