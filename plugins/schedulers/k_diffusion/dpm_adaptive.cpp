// DPM-Solver-12 and -23 with steps that the error chooses (Lu et al. 2022, arXiv 2206.00927, Appendix C; k-diffusion's
// sample_dpm_adaptive): DPM-Solver-2 or -3 against the order below, from the model's largest sigma to its least. How
// many steps are asked for says only how often progress is told.

#include <algorithm>
#include <string_view>

#include "core/api/late_start.h"
#include "plugins/schedulers/k_diffusion/dpm_solver_steps.h"

namespace alice::schedulers {
namespace {

struct DpmAdaptiveOptions {
  int64_t order = 3;
  double rtol = 0.05, atol = 0.0078, h_init = 0.05, pcoeff = 0, icoeff = 1, dcoeff = 0, accept_safety = 0.81;
  double eta = 0, s_noise = 1;
};

/// The next step's length from the last errors (Soderlind 2003).
class StepLength {
 public:
  StepLength(const DpmAdaptiveOptions& o, double order)
      : h_(o.h_init),
        powers_{(o.pcoeff + o.icoeff + o.dcoeff) / order, -(o.pcoeff + 2 * o.dcoeff) / order, o.dcoeff / order},
        accept_safety_(o.accept_safety) {}

  double h() const { return h_; }
  /// Whether a step with this error is taken.
  bool accepts(double error) {
    constexpr double kLeastError = 1e-8;
    const double inverse = 1 / (error + kLeastError);
    if (!started_) inverses_[1] = inverses_[2] = inverse;
    started_ = true;
    inverses_[0] = inverse;
    double factor = 1;
    for (size_t i = 0; i < 3; ++i) factor *= std::pow(inverses_[i], powers_[i]);
    factor = 1 + std::atan(factor - 1);
    h_ *= factor;
    if (factor < accept_safety_) return false;
    inverses_[2] = inverses_[1], inverses_[1] = inverses_[0];
    return true;
  }

 private:
  double h_, powers_[3], accept_safety_, inverses_[3] = {1, 1, 1};
  bool started_ = false;
};

/// Root mean square of the difference of two estimates, in units of what is tolerated.
double error_of(const Tensor& low, const Tensor& high, const Tensor& before, const DpmAdaptiveOptions& o) {
  const Tensor tolerated = at::maximum(low.abs(), before.abs()).mul(o.rtol).clamp_min(o.atol);
  return ((low - high) / tolerated).square().mean().sqrt().item<double>();
}

class DpmAdaptive final : public Scheduler {
 public:
  using Options = DpmAdaptiveOptions;
  static const OptionTable<Options>& options() {
    static const auto table = [] {
      using O = Options;
      OptionTable<O> t;
      t.integer("order", &O::order, {2, 3}, "of the better of both estimates; also the calls of a step")
          .number("rtol", &O::rtol, {1e-6, 1}, "error that is tolerated, as a share of each value")
          .number("atol", &O::atol, {1e-9, 1}, "error that is tolerated in any case")
          .number("h_init", &O::h_init, {1e-4, 10}, "length of the first step, in log sigma")
          .number("pcoeff", &O::pcoeff, {0, 2}, "the controller's proportional share")
          .number("icoeff", &O::icoeff, {0, 2}, "the controller's integral share")
          .number("dcoeff", &O::dcoeff, {0, 2}, "the controller's differential share")
          .number("accept_safety", &O::accept_safety, {0.01, 1.5}, "a step that would be shortened more is made again");
      add_noise_options(t);
      return t;
    }();
    return table;
  }
  static void check(const Options&, const PlaceOf&, Faults&) {}
  explicit DpmAdaptive(const Options& options) : options_(options) {}

  /// Levels evenly in log sigma: where progress is told.
  Plan plan(int64_t steps, const NoiseModel& model) const override {
    const SigmaRange range = whole_range(steps, model);
    const LevelFinder levels(model);
    Plan plan;
    for (int64_t i = 0; i <= steps; ++i)
      plan.levels.push_back(levels.at(range.maximum * std::pow(range.minimum / range.maximum,
                                                               static_cast<double>(i) / static_cast<double>(steps))));
    plan.init_noise_sigma = is_flow(model) ? 1 : plan.levels.front().sigma;
    return plan;
  }

  /// Images of a batch have steps of their own, and are made one after another: each call has one image in every row.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& source,
                const OnStep& on_step) const override {
    RunNoise noise(source, plan);
    const int64_t rows = x.size(0);
    std::vector<Tensor> images = x.split(1);
    size_t told = 0;
    for (int64_t row = 0; row < rows; ++row) {
      const Denoise of_row = [&](const Tensor& image, const Level& level) {
        return denoise(image.expand_as(x).contiguous(), level).narrow(0, row, 1);
      };
      const auto noise_of_row = [&](double from, double to) { return noise.between(x, from, to).narrow(0, row, 1); };
      const auto reached = [&](double sigma, const Tensor& image) {
        images[static_cast<size_t>(row)] = image;
        const Tensor all = at::cat(images);
        const double done = (static_cast<double>(row) + share_done(sigma, plan)) / static_cast<double>(rows);
        while (static_cast<double>(told + 1) <= done * static_cast<double>(plan.steps()) + 1e-6)
          on_step(++told, plan.steps(), all);
      };
      images[static_cast<size_t>(row)] =
          solve(of_row, images[static_cast<size_t>(row)], plan, model, noise_of_row, reached);
    }
    return at::cat(images);
  }

  const void* extension(const char* name) const override {
    return std::string_view(name) == kStepsAreNominal ? this : nullptr;
  }

 private:
  /// Of the plan's levels, how many are passed, as a share.
  static double share_done(double sigma, const Plan& plan) {
    size_t passed = 0;
    while (passed < plan.steps() && plan.levels[passed + 1].sigma >= sigma * (1 - 1e-6)) ++passed;
    return static_cast<double>(passed) / static_cast<double>(plan.steps());
  }

  template <class NoiseOf, class Reached>
  Tensor solve(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, const NoiseOf& noise_of,
               const Reached& reached) const {
    constexpr double kNearEnd = 1e-5;   // in log sigma
    constexpr double kShortest = 1e-3;  // a step so short is taken in any case: some controllers never would
    constexpr double kOrderWithNoise = 1.5;
    const LevelFinder levels(model);
    const double end = plan.levels.back().sigma;
    StepLength length(options_, options_.eta > 0 ? kOrderWithNoise : static_cast<double>(options_.order));
    Tensor before = x;
    double sigma = plan.levels.front().sigma;
    while (std::log(sigma / end) > kNearEnd) {
      const Level from = levels.at(sigma), to = levels.at(std::max(end, sigma * std::exp(-length.h())));
      AncestralStep step = ancestral_step(from, to, options_.eta, is_flow(model));
      if (step.down < end && !is_flow(model))
        step = {end, 1, std::sqrt(std::max(0.0, to.sigma * to.sigma - end * end))};
      DpmSolverSteps solver(denoise, levels, x, from, {});
      const bool is_second = options_.order == 2;
      const Tensor low = is_second ? solver.first(step.down) : solver.second(step.down, 1.0 / 3);
      const Tensor high = is_second ? solver.second(step.down) : solver.third(step.down);
      const bool is_good = length.accepts(error_of(low, high, before, options_));
      if (!is_good && std::log(from.sigma / to.sigma) > kShortest) continue;
      before = low;
      x = high * step.kept;
      if (step.up > 0) x = x + noise_of(from.sigma, to.sigma) * (options_.s_noise * step.up);
      sigma = to.sigma;
      reached(std::log(sigma / end) > kNearEnd ? sigma : end, x);
    }
    return x;
  }

  Options options_;
};

}  // namespace

MadeFactory dpm_adaptive() {
  FactoryInfo info;
  info.id = "dpm_adaptive";
  info.help = "DPM adaptive: chooses its steps by the error that it makes, whatever their number is asked to be.";
  info.aliases = {{"k_dpm_ad"}, {"k_dpm_adaptive"}, {"DPM adaptive", {{"eta", 1}}}};  // A1111's has its eta
  return factory_of<DpmAdaptive>(std::move(info));
}

}  // namespace alice::schedulers
