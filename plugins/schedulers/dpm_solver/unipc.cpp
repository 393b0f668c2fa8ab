#include "plugins/schedulers/dpm_solver/unipc.h"

#include <algorithm>
#include <cmath>

#include "core/math/sigma_plan.h"
#include "core/math/x0_estimate.h"
#include "plugins/schedulers/dpm_solver/unipc_step.h"
#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {

const OptionTable<UniPcOptions>& UniPc::options() {
  static const OptionTable<UniPcOptions> table = [] {
    using O = UniPcOptions;
    OptionTable<O> t;
    t.integer("solver_order", &O::solver_order, {1, 6},
              "order of the predictor; the corrector adds one. 2 for guided sampling, 3 without guidance")
        .boolean("predict_x0", &O::predict_x0, "integrate the picture estimate rather than the noise")
        .choice(
            "solver_type", &O::solver_type,
            {{"bh2", UniPcScale::bh2},
             {"bh1", UniPcScale::bh1},
             {"midpoint", UniPcScale::bh2},  // in files of DPM-Solver and DEIS models; read as the reference reads it
             {"heun", UniPcScale::bh2},
             {"logrho", UniPcScale::bh2}},
            "bh1 for few steps without guidance, bh2 otherwise")
        .boolean("lower_order_final", &O::lower_order_final, "lower the order towards the end of the run")
        .integer("disable_corrector", &O::disable_corrector, {0, 100000},
                 "steps, counted from 0, whose result is not corrected")
        .text("solver_p", &O::solver_p, "another scheduler as predictor: not supported, must be null");
    add_spacing_options(t);
    add_sigma_options(t);
    add_final_sigma_option(t);
    t.number("sigma_min", &O::sigma_min, {1e-6, 1e6}, "least noise level of the karras, exponential and beta spacings")
        .number("sigma_max", &O::sigma_max, {1e-6, 1e6},
                "largest noise level of the karras, exponential and beta spacings");
    add_thresholding_options(t);
    return t;
  }();
  return table;
}

void UniPc::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
  if (options.solver_p) faults.add(place("solver_p"), "another scheduler as predictor is not supported: must be null");
  if (options.sigma_min && options.sigma_max && *options.sigma_min >= *options.sigma_max)
    faults.add(place("sigma_min"), "must be below sigma_max");
  if (options.thresholding && !options.predict_x0)
    faults.add(place("thresholding"), "needs predict_x0: it limits the picture estimate");
}

Plan UniPc::plan(int64_t steps, const NoiseModel& model) const {
  check_steps(steps, model.train_steps());
  if (const auto levels = run_levels(options_, steps, model))
    return vp_plan(*levels, options_.final_sigmas_type, model);
  if (model.path() == NoisePath::flow && sigma_spacing(options_) == SigmaSpacing::karras)
    return flow_karras_plan(steps, options_.final_sigmas_type, model);
  if (model.path() == NoisePath::flow)
    return flow_plan(flow_grid(steps, 1, 1 / static_cast<double>(model.train_steps())), sigma_spacing(options_),
                     options_.final_sigmas_type, model);
  if (model.path() == NoisePath::edm) return own_sigma_plan(options_, steps, model, options_.final_sigmas_type);
  const SigmaTable table(model);
  std::vector<double> times = rounded(spaced_timesteps(options_.timestep_spacing, steps, model.train_steps(),
                                                       options_.steps_offset, LowestTime::left_out));
  std::vector<double> sigmas = table.sigmas_at(times);
  double least = table.range().minimum;
  if (const SigmaSpacing spacing = sigma_spacing(options_); spacing != SigmaSpacing::uniform_in_time) {
    const auto [maximum, minimum] = table.range();
    sigmas =
        spaced_sigmas(spacing, {options_.sigma_max.value_or(maximum), options_.sigma_min.value_or(minimum)}, steps);
    times = table.times_of(sigmas);
    if (spacing == SigmaSpacing::karras) times = rounded(times);
    least = sigmas.back();
  }
  sigmas.push_back(options_.final_sigmas_type == FinalSigma::zero ? 0 : std::min(least, sigmas.back()));
  return vp_plan(sigmas, times);
}

Tensor UniPc::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource&,
                     const OnStep& on_step) const {
  const UniPcMethod method = {options_.predict_x0, options_.solver_type};
  UniPcHistory history;  // at and before the level of the last prediction
  Tensor last_x;         // at that level, corrected
  int last_order = 0;
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    const UniPcOutput here = {output(denoise, x, from), from};
    if (i > 0 && corrects(plan.first_step + i - 1)) x = unipc_correct(method, last_order, last_x, history, here);

    history.push_front(here);
    if (history.size() > static_cast<size_t>(options_.solver_order)) history.pop_back();
    last_x = x, last_order = order_at(i, plan);
    x = unipc_predict(method, last_order, x, history, to);
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

Tensor UniPc::output(const Denoise& denoise, const Tensor& x, const Level& level) const {
  const Tensor x0 = denoise(x, level);
  if (!options_.predict_x0) return noise_of(x, x0, level);
  return limited(x0, options_);
}

int UniPc::order_at(size_t i, const Plan& plan) const {
  const Level &from = plan.levels[i], &to = plan.levels[i + 1];
  const bool leads_nowhere =
      to.sigma == from.sigma;  // final_sigmas_type sigma_min where the run has reached it already
  if (to.sigma == 0 || leads_nowhere) return 1;
  const size_t known = i + 1, left = options_.lower_order_final ? plan.steps() - i : plan.steps();
  return static_cast<int>(std::min({static_cast<size_t>(options_.solver_order), known, left}));
}

bool UniPc::corrects(size_t index) const {
  const auto& off = options_.disable_corrector;
  return std::find(off.begin(), off.end(), static_cast<int64_t>(index)) == off.end();
}

}  // namespace alice::schedulers
