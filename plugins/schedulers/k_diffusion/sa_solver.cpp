// SA-Solver (Xue et al. 2023, arXiv 2309.05019, Algorithms 1 to 3; ComfyUI's sample_sa_solver and
// sample_sa_solver_pece): a stochastic predictor of third order and a corrector of fourth, with the exact coefficients,
// and noise in the middle of the run alone. PECE asks the network once more at the corrected x.

#include <algorithm>
#include <deque>
#include <vector>

#include "plugins/schedulers/k_diffusion/common.h"

namespace alice::schedulers {
namespace {

struct SaSolverKOptions : KOptions {
  int64_t predictor_order = 3, corrector_order = 4;
  bool use_pece = false;
  double tau = 1, s_noise = 1;
  std::optional<double> tau_from, tau_to;
};

struct SeenAt {
  Tensor x0;
  double lambda;
};

/// (1 + tau^2) times the integral of e^((1 + tau^2)(l - to)) l^p from `from` to `to`, by parts.
std::vector<double> exponential_integrals(size_t count, double from, double to, double grows) {
  std::vector<double> values;
  for (size_t p = 0; p < count; ++p) {
    const double power = static_cast<double>(p);
    const double ends = std::pow(to, power) - std::pow(from, power) * std::exp(-grows * (to - from));
    values.push_back(p == 0 ? ends : ends - power / grows * values[p - 1]);
  }
  return values;
}

/// What each picture counts for: the weights that make the step exact for polynomials through `lambdas`.
std::vector<double> adams_weights(const std::vector<double>& lambdas, double from, double to, double tau) {
  const auto count = static_cast<int64_t>(lambdas.size());
  // Counted from where the step ends, so that high powers stay small.
  const std::vector<double> integrals = exponential_integrals(lambdas.size(), from - to, 0, 1 + tau * tau);
  const Tensor powers = at::empty({count, count}, at::kDouble), sums = at::empty({count}, at::kDouble);
  for (int64_t p = 0; p < count; ++p) {
    for (int64_t k = 0; k < count; ++k)
      powers[p][k] = std::pow(lambdas[static_cast<size_t>(k)] - to, static_cast<double>(p));
    sums[p] = integrals[static_cast<size_t>(p)];
  }
  const Tensor weights = at::linalg_solve(powers, sums);
  return {weights.data_ptr<double>(), weights.data_ptr<double>() + count};
}

/// x at `from` -> x at `to`, without its noise, from the first `order` of what was seen.
Tensor adams_step(const Tensor& x, const std::deque<SeenAt>& seen, size_t order, double from, double to, double tau) {
  std::vector<double> lambdas;
  for (size_t k = 0; k < order; ++k) lambdas.push_back(seen[k].lambda);
  const std::vector<double> weights = adams_weights(lambdas, from, to, tau);
  Tensor next = x * std::exp(-(1 + tau * tau) * (to - from));
  for (size_t k = 0; k < order; ++k) next = next + seen[k].x0 * weights[k];
  return next;
}

double lambda_at(const Level& level) { return -std::log(level.sigma); }

class SaSolverK final : public RatioSampler<SaSolverKOptions> {
 public:
  using RatioSampler::RatioSampler;
  static const OptionTable<Options>& options() {
    static const auto table = [] {
      using O = SaSolverKOptions;
      OptionTable<O> t = k_options<O>();
      t.integer("predictor_order", &O::predictor_order, {1, 4}, "pictures that a step is predicted from")
          .integer("corrector_order", &O::corrector_order, {0, 4},
                   "pictures that a step is corrected from; 0: it is not")
          .boolean("use_pece", &O::use_pece, "ask the network once more at the corrected x")
          .number("tau", &O::tau, {0, 10}, "how much noise is renewed: 0 is deterministic, 1 the usual equation")
          .number("tau_from", &O::tau_from, {0, 1e6},
                  "noise is renewed from this sigma; null: after a fifth of the time")
          .number("tau_to", &O::tau_to, {0, 1e6}, "down to this one; null: until a fifth of the time is left")
          .number("s_noise", &O::s_noise, {0, 10}, "deviation of the fresh noise");
      return t;
    }();
    return table;
  }
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& source,
                const OnStep& on_step) const override {
    const SigmaRange noisy = noisy_range(model);
    const bool ends_at_picture = plan.levels.back().sigma == 0;
    const size_t steps = plan.steps(),
                 most = static_cast<size_t>(std::max(options_.predictor_order, options_.corrector_order));
    std::deque<SeenAt> seen;
    Tensor predicted = x, added;  // added: the last prediction's noise
    double tau = 0;
    for (size_t i = 0; i < steps; ++i) {
      const Level &from = plan.levels[i], &to = plan.levels[i + 1];
      seen.push_front({denoise(predicted, from), lambda_at(from)});
      if (seen.size() > std::max<size_t>(most, 1)) seen.pop_back();

      const size_t corrector = corrector_order(i, steps, seen.size(), ends_at_picture, to.sigma == 0);
      if (corrector > 0) {
        x = adams_step(x, seen, corrector, lambda_at(plan.levels[i - 1]), lambda_at(from), tau);
        if (added.defined()) x = x + added;
        if (options_.use_pece) seen.front().x0 = denoise(x, from);
      } else {
        x = predicted;
      }
      if (to.sigma == 0) {
        predicted = seen.front().x0;
      } else {
        tau = noisy.maximum >= to.sigma && to.sigma >= noisy.minimum ? options_.tau : 0;
        const size_t order = predictor_order(i, steps, seen.size(), ends_at_picture);
        const double h = lambda_at(to) - lambda_at(from);
        predicted = adams_step(x, seen, order, lambda_at(from), lambda_at(to), tau);
        added = Tensor();
        if (tau > 0 && options_.s_noise > 0) {
          added = source.normal_like(x) * (to.sigma * std::sqrt(-std::expm1(-2 * tau * tau * h)) * options_.s_noise);
          predicted = predicted + added;
        }
      }
      on_step(i + 1, steps, predicted);
    }
    return predicted;
  }

 private:
  /// Lowered towards an end without noise.
  size_t predictor_order(size_t i, size_t steps, size_t known, bool ends_at_picture) const {
    const size_t order = std::min(static_cast<size_t>(options_.predictor_order), known);
    return ends_at_picture ? std::min(order, steps - 1 - i) : order;
  }
  size_t corrector_order(size_t i, size_t steps, size_t known, bool ends_at_picture, bool is_last) const {
    if (i == 0 || (is_last && !options_.use_pece)) return 0;
    const size_t order = std::min(static_cast<size_t>(options_.corrector_order), known);
    return ends_at_picture ? std::min(order, steps - i) : order;
  }
  /// Of sigma / alpha, where noise is renewed.
  SigmaRange noisy_range(const NoiseModel& model) const {
    constexpr double kEdge = 0.2;  // of the time, at both ends
    const auto ratio_at = [&](double share) {
      if (is_flow(model)) {
        const double sigma = model.shifted({share}).front();
        return sigma / (1 - sigma);
      }
      if (model.path() == NoisePath::edm) {
        const std::vector<double> sigmas = model.run_sigmas(model.train_steps());
        return sigmas[static_cast<size_t>((1 - share) * static_cast<double>(sigmas.size() - 1))];
      }
      return SigmaTable(model).sigma_at(share * static_cast<double>(model.train_steps() - 1));
    };
    return {options_.tau_from.value_or(ratio_at(1 - kEdge)), options_.tau_to.value_or(ratio_at(kEdge))};
  }
};

}  // namespace

MadeFactory sa_solver() {
  FactoryInfo info;
  info.id = "sa_solver";
  info.help = "SA-Solver: a stochastic predictor of third order and corrector of fourth, one call a step (PECE: two).";
  info.aliases = {{"SA Solver"}, {"sa_solver_pece", {{"use_pece", true}}}, {"SA Solver PECE", {{"use_pece", true}}}};
  return factory_of<SaSolverK>(std::move(info));
}

}  // namespace alice::schedulers
