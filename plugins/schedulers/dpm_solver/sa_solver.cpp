#include "plugins/schedulers/dpm_solver/sa_solver.h"

#include <algorithm>
#include <string_view>

#include "core/math/x0_estimate.h"
#include "plugins/schedulers/dpm_solver/dpm_options.h"
#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {

const OptionTable<SaSolverOptions>& SaSolver::options() {
  static const OptionTable<SaSolverOptions> table = [] {
    using O = SaSolverOptions;
    OptionTable<O> t;
    t.integer("predictor_order", &O::predictor_order, {1, 4}, "outputs that a step is predicted from")
        .integer("corrector_order", &O::corrector_order, {1, 4}, "outputs that a step is corrected from")
        .choice("algorithm_type", &O::algorithm_type,
                {{"data_prediction", SaPrediction::data},
                 {"noise_prediction", SaPrediction::noise},
                 {"deis", SaPrediction::data},  // in files of other solvers' models
                 {"dpmsolver++", SaPrediction::data},
                 {"sde-dpmsolver++", SaPrediction::data},
                 {"dpmsolver", SaPrediction::noise},
                 {"sde-dpmsolver", SaPrediction::noise}},
                "integrate the picture estimate, or the noise")
        .number("tau", &O::tau, {0, 2}, "how much noise is renewed: 0 is deterministic, 1 the usual equation")
        .number("tau_from", &O::tau_from, {0, 1e6}, "noise is renewed from this training step")
        .number("tau_to", &O::tau_to, {0, 1e6}, "down to this one")
        .text("tau_func", &O::tau_func, "a function of the time in the reference: must be null; see tau")
        .boolean("lower_order_final", &O::lower_order_final, "lower the order towards the end of the run");
    add_spacing_options(t);
    add_sigma_options(t);
    add_lambda_min_option(t);
    add_variance_option(t);
    add_thresholding_options(t);
    return t;
  }();
  return table;
}

void SaSolver::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
  check_variance(options.variance_type, place, faults);
  if (options.tau_func) faults.add(place("tau_func"), "a function cannot be given: say tau, tau_from and tau_to");
}

Plan SaSolver::plan(int64_t steps, const NoiseModel& model) const {
  const bool is_diffusion = model.path() == NoisePath::diffusion;
  const int64_t usable_steps =
      is_diffusion ? SigmaTable(model).steps_up_to(-options_.lambda_min_clipped) : model.train_steps();
  return least_noise_plan(options_, options_, steps, usable_steps, model);
}

Tensor SaSolver::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel&, NoiseSource& noise,
                        const OnStep& on_step) const {
  const auto predictor = static_cast<size_t>(options_.predictor_order);
  const auto corrector = static_cast<size_t>(options_.corrector_order);
  SaHistory history;
  SaStep step = {options_.algorithm_type, 0, {}, {}, {}, {}};
  size_t corrects_with = 0;
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level &from = plan.levels[i], &to = plan.levels[i + 1];
    history.push_front({output(denoise, x, from), lambda_of(from)});
    if (i > 0) x = sa_correct(step, history, static_cast<int>(corrects_with));
    if (history.size() > std::max(predictor, corrector)) history.pop_back();

    const size_t known = i + 1, left = options_.lower_order_final ? plan.steps() - i : plan.steps();
    corrects_with = std::min({corrector, left + 1, known + 1});
    step = {options_.algorithm_type, tau_at(from), from, to, x, noise.normal_like(x)};
    const bool leads_to_picture = to.sigma == 0;  // of levels of the user's own
    x = leads_to_picture ? picture(history[0].value, x, from) * to.alpha
                         : sa_predict(step, history, static_cast<int>(std::min({predictor, left, known})));
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

const void* SaSolver::extension(const char* name) const {
  return std::string_view(name) == kStartsAtTime ? this : nullptr;
}

Tensor SaSolver::output(const Denoise& denoise, const Tensor& x, const Level& level) const {
  const Tensor x0 = limited(denoise(x, level), options_);
  return options_.algorithm_type == SaPrediction::data ? x0 : noise_of(x, x0, level);
}

Tensor SaSolver::picture(const Tensor& output, const Tensor& x, const Level& level) const {
  return options_.algorithm_type == SaPrediction::data ? output : (x - output * level.sigma) / level.alpha;
}

float SaSolver::tau_at(const Level& level) const {
  return options_.tau_to <= level.t && level.t <= options_.tau_from ? static_cast<float>(options_.tau) : 0;
}

}  // namespace alice::schedulers
