#include "plugins/schedulers/euler/euler.h"

#include <algorithm>
#include <cmath>

#include "core/math/sigma_plan.h"
#include "core/math/x0_estimate.h"

namespace alice::schedulers {
namespace {

/// The estimate at x0's level `from`, had the network's output been read at `churned` and sigma_hat: the reference
/// calls the network before it adds churn, and converts its output after.
Tensor reread_x0(const Tensor& x0, const Tensor& x, const Tensor& churned, const Level& from, double sigma_hat,
                 const NoiseModel& model) {
  if (model.path() == NoisePath::edm) {  // x0 = skip x + out m
    const double of_data = model.options().sigma_data, data2 = of_data * of_data;
    const double norm2 = from.sigma * from.sigma + data2, churned_norm2 = sigma_hat * sigma_hat + data2;
    const double out_ratio = sigma_hat / from.sigma * std::sqrt(norm2 / churned_norm2);
    return churned * (data2 / churned_norm2) + (x0 - x * (data2 / norm2)) * out_ratio;
  }
  switch (model.prediction()) {
    case Prediction::epsilon: return churned - noise_of(x, x0, from) * sigma_hat;
    case Prediction::v_prediction:
      return x0 + (churned - x) / (from.sigma * from.sigma + 1);  // with the unchurned sigma
    case Prediction::sample: return x0;
    case Prediction::flow: break;  // refused by plan()
  }
  return x0;
}

}  // namespace

const OptionTable<EulerOptions>& Euler::options() {
  static const OptionTable<EulerOptions> table = [] {
    OptionTable<EulerOptions> t;
    add_spacing_options(t);
    add_sigma_options(t);
    t.choice("interpolation_type", &EulerOptions::interpolation_type,
             {{"linear", SigmaInterpolation::linear}, {"log_linear", SigmaInterpolation::log_linear}},
             "noise levels of the visited times, or evenly in log sigma over all training steps")
        .number("sigma_min", &EulerOptions::sigma_min, {1e-6, 1e6},
                "least noise level of the karras, exponential and beta spacings")
        .number("sigma_max", &EulerOptions::sigma_max, {1e-6, 1e6},
                "largest noise level of the karras, exponential and beta spacings")
        .choice("timestep_type", &EulerOptions::timestep_type,
                {{"discrete", TimestepType::discrete}, {"continuous", TimestepType::continuous}},
                "what a network that predicts velocity is told: the training step, or log(sigma) / 4");
    add_final_sigma_option(t);
    t.boolean("stochastic_sampling", &EulerOptions::stochastic_sampling,
              "replace all of the noise in each step, instead of going on with what there is")
        .number("s_churn", &EulerOptions::s_churn, {0, 1e6},
             "noise added again over the whole run (Karras et al. 2022, Algorithm 2)")
        .number("s_tmin", &EulerOptions::s_tmin, {0, std::numeric_limits<double>::infinity()},
                "least sigma that churn acts at")
        .number("s_tmax", &EulerOptions::s_tmax, {0, std::numeric_limits<double>::infinity()},
                "largest sigma that churn acts at")
        .number("s_noise", &EulerOptions::s_noise, {0, 1e3}, "deviation of churn's noise");
    return t;
  }();
  return table;
}

void Euler::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
  if (options.sigma_min && options.sigma_max && *options.sigma_min >= *options.sigma_max)
    faults.add(place("sigma_min"), "must be below sigma_max");
  if (options.stochastic_sampling && options.s_churn > 0)
    faults.add(place("s_churn"), "excludes stochastic_sampling, which replaces all of the noise anyway");
}

Plan Euler::plan(int64_t steps, const NoiseModel& model) const {
  if (model.path() == NoisePath::flow && options_.s_churn > 0)
    throw Error(ErrorCode::bad_request, "/scheduler_options/s_churn",
                "adds noise to a picture of full strength, which a flow-matching model's is not: must be 0");
  if (const auto levels = run_levels(options_, steps, model)) return run_plan(*levels, model);
  if (model.path() != NoisePath::diffusion) return own_sigma_plan(options_, steps, model, options_.final_sigmas_type);
  const SigmaTable table(model);
  std::vector<double> times = visited_times(options_, steps, model);
  std::vector<double> sigmas = options_.interpolation_type == SigmaInterpolation::linear
                                   ? table.sigmas_at(times)
                                   : spaced_sigmas(SigmaSpacing::exponential, table.range(), steps + 1);
  if (const SigmaSpacing spacing = sigma_spacing(options_); spacing != SigmaSpacing::uniform_in_time) {
    const SigmaRange range = {options_.sigma_max.value_or(sigmas.front()), options_.sigma_min.value_or(sigmas.back())};
    sigmas = spaced_sigmas(spacing, range, steps);
    times = table.times_of(sigmas);
  }
  if (sigmas.size() == times.size())
    sigmas.push_back(options_.final_sigmas_type == FinalSigma::zero ? 0
                                                                    : std::min(table.range().minimum, sigmas.back()));
  if (options_.timestep_type == TimestepType::continuous && model.prediction() == Prediction::v_prediction)
    for (size_t i = 0; i < times.size(); ++i) times[i] = 0.25 * std::log(sigmas[i]);
  return sigma_plan(sigmas, times, options_.timestep_spacing);
}

Tensor Euler::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                     const OnStep& on_step) const {
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    Tensor x0 = denoise(x, from);
    double sigma = from.sigma;
    if (const double churn = churn_at(sigma, plan.steps() + plan.first_step); churn > 0) {
      sigma = from.sigma * (1 + churn);
      const double added = std::sqrt(sigma * sigma - from.sigma * from.sigma);
      const Tensor churned = x + noise.normal_like(x) * (options_.s_noise * added);
      x0 = reread_x0(x0, x, churned, from, sigma, model);
      x = churned;
    }
    x = options_.stochastic_sampling ? add_noise(x0, noise.normal_like(x), plan.levels[i + 1])
                                     : x + (x - x0) / sigma * (plan.levels[i + 1].sigma - sigma);
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

double Euler::churn_at(double sigma, size_t total) const {
  if (sigma < options_.s_tmin || sigma > options_.s_tmax) return 0;
  const double most = std::sqrt(2.0) - 1;
  return std::min(options_.s_churn / static_cast<double>(total), most);
}

}  // namespace alice::schedulers
