// Schedulers: right numbers, on problems whose solution is known.
//
// A network that always sees the same picture: every sampler must end with that picture.
// Data of the normal distribution N(0, S^2): the best denoiser is x alpha S^2 / v with v = alpha^2 S^2 + sigma^2, and
// the probability flow keeps x proportional to sqrt(v) (Song et al. 2021, "Score-Based Generative Modeling through
// Stochastic Differential Equations", section 4.3). A sampler that adds noise ends with the data's deviation instead;
// one for consistency models (Song et al. 2023) does so with the consistency function of these data, x S / sqrt(v).
// One for trajectory models (Kim et al. 2024) wants answers that depend on the level that it goes to, which it alone
// knows; where the picture is known they are the same, and x at each level is alpha x0 + sigma noise.

#include <cmath>

#include "core/api/late_start.h"
#include "core/api/scheduler.h"
#include "sdk/check/sampling.h"

namespace alice::check {
namespace {

constexpr double kDataDeviation = 0.6;
constexpr double kPicture = 0.625;
// Where alpha is 0.07, as at the first level, x0 = (x - sigma eps) / alpha has 4e-6 of rounding an operation.
constexpr double kPictureTolerance = 1e-4;

double variance_at(const Level& level) { return std::pow(level.alpha * kDataDeviation, 2) + std::pow(level.sigma, 2); }

Tensor best_denoiser(const Tensor& x, const Level& level) {
  return x * (level.alpha * kDataDeviation * kDataDeviation / variance_at(level));
}

Tensor consistency_function(const Tensor& x, const Level& level) {
  return x * (kDataDeviation / std::sqrt(variance_at(level)));
}

std::string check_constant(const Case& it) {
  // The network predicts the picture itself, so that an old answer can be read anew at another level.
  const NoiseModel model = usual_noise(Prediction::sample);
  size_t compared = 0;
  bool is_rough = false;
  const auto compare = [&](const Variant& variant, const Plan& plan, const Tensor& start, SeededNoise& noise,
                           const std::string& where) {
    if (plan.levels.back().sigma != 0) return;
    ++compared;
    const Tensor end =
        variant.scheduler->sample([](const Tensor& x, const Level&) { return at::full_like(x, kPicture); }, start, plan,
                                  model, noise, ignore_step);
    const double difference = (end - kPicture).abs().max().item<double>();
    expect(difference < kPictureTolerance,
           where + ": the result is " + std::to_string(difference) + " off a picture that denoise gave at every call");
  };
  for (const Variant& variant : variants(it, Breadth::choices)) {
    if (variant.scheduler->extension(kPictureIsRough) != nullptr) continue;
    for (const int64_t steps : {1, 2, 4, 5, 20}) {
      const auto plan = plan_of(variant, steps, model);
      if (!plan) continue;
      SeededNoise noise({it.seed});
      compare(variant, *plan, start_of(*plan, noise), noise, at_steps(variant, steps));
      if (steps < 4) continue;
      if (variant.scheduler->extension(kLateStartIsRough) != nullptr) {
        is_rough = true;
        continue;
      }
      const Plan rest = plan->from(2);
      const Tensor start = add_noise(at::full({1, 4, 5, 7}, kPicture), noise.normal({4, 5, 7}), rest.levels.front());
      compare(variant, rest, start, noise, at_steps(variant, steps) + ", from step 2");
    }
  }
  if (compared == 0) return "no plan ends without noise: nothing to compare";
  return is_rough ? "says of itself that a run that begins later is rough: not compared" : "";
}

/// abar falls evenly in its logarithm over many steps, from a first step that leaves noise: where noise vanishes it
/// goes with the root of time, which a method with even steps in time cannot follow to its order.
NoiseModel smooth_noise() {
  constexpr size_t kTrainSteps = 4096;
  NoiseModelOptions options;
  options.num_train_timesteps = kTrainSteps;
  options.trained_betas.assign(kTrainSteps, 6.0 / kTrainSteps);
  options.trained_betas.front() = 0.3;
  return NoiseModel(options);
}

/// Standard normal, and how often it was asked for.
class CountedNoise final : public NoiseSource {
 public:
  explicit CountedNoise(uint64_t seed) : source_({seed}) {}
  Tensor normal_like(const Tensor& like) override {
    ++draws;
    return source_.normal_like(like);
  }
  size_t draws = 0;

 private:
  SeededNoise source_;
};

bool draws_noise(const Variant& variant, const NoiseModel& model, uint64_t seed) {
  const Plan plan = some_plan(variant, {64, 8, 4, 2}, model);  // some add noise in long runs alone
  CountedNoise noise(seed);
  variant.scheduler->sample(some_denoiser, at::ones({1, 1, 2, 2}), plan, model, noise, ignore_step);
  return noise.draws > 0;
}

/// Relative distance from the exact path at the last level that has noise: the step behind it may be a jump to the
/// picture, whose error does not fall with more steps.
double error_of(const Variant& variant, const Plan& plan, const NoiseModel& model) {
  // Small, so that no sampler that limits the picture does so here: the problem is linear.
  const double first = 0.01;
  const size_t last = plan.levels.back().sigma == 0 ? plan.steps() - 1 : plan.steps();
  CountedNoise none(0);
  double reached = 0;
  variant.scheduler->sample(best_denoiser, at::full({1, 1, 1, 1}, first, at::kFloat), plan, model, none,
                            [&](size_t done, size_t, const Tensor& x) {
                              if (done == last) reached = x.item<double>();
                            });
  const double exact = first * std::sqrt(variance_at(plan.levels[last]) / variance_at(plan.levels.front()));
  return std::abs(reached - exact) / exact;
}

constexpr double kRounding = 2e-5;   // below it float32's digits show, not the method's
constexpr double kLeastOrder = 0.7;  // of what the author claims is a first-order method, measured
constexpr double kOrderSlack = 0.3;  // of a claimed order

/// Halving the steps until rounding shows. Fails when the error does not fall as it must.
std::string measured_order(const Variant& variant, const NoiseModel& model, double least) {
  std::vector<double> errors;
  std::string list;
  for (const int64_t steps : {8, 16, 32, 64, 128}) {
    const auto plan = plan_of(variant, steps, model);
    if (!plan) continue;
    errors.push_back(error_of(variant, *plan, model));
    list += (list.empty() ? "" : ", ") + std::to_string(errors.back()) + " at " + std::to_string(steps);
    expect(std::isfinite(errors.back()), variant.name + ": the error is not finite: " + list);
    if (errors.back() < kRounding) break;
  }
  if (errors.empty()) return variant.name + ": too few steps are taken to measure an order";
  if (errors.size() == 1 && errors.front() < kRounding) return variant.name + " exact";
  expect(errors.size() > 1, variant.name + ": of 8, 16, 32, 64 and 128 steps two must be taken to measure an order");
  double best = 0;  // the errors of few steps need not show the order yet
  for (size_t i = errors.size() > 2 ? errors.size() - 2 : 1; i < errors.size(); ++i)
    best = std::max(best, std::log2(errors[i - 1] / std::max(errors[i], 1e-9)));
  char order[16];
  std::snprintf(order, sizeof order, "%.2f", best);
  expect(best > least, variant.name + ": twice the steps divide the error by 2^" + order +
                           "; relative errors on a problem with a known solution are " + list + " steps");
  return variant.name + " " + order;
}

std::string check_order(const Case& it) {
  const NoiseModel model = smooth_noise();
  const auto claimed = it.given.orders.find(it.subject.id);
  std::string note;
  for (const Variant& variant : variants(it, Breadth::named)) {
    if (draws_noise(variant, model, it.seed)) continue;
    if (variant.scheduler->extension(kStepsAreNominal) != nullptr) return "chooses its own steps: not compared";
    const bool is_default = note.empty();
    const double least = is_default && claimed != it.given.orders.end() ? claimed->second - kOrderSlack : kLeastOrder;
    const std::string measured = measured_order(variant, model, least);
    if (is_default) note = "order of " + measured;
  }
  return note.empty() ? "every variant adds noise: see scheduler/distribution" : note;
}

double deviation_of(const Variant& variant, const Plan& plan, const NoiseModel& model, const Denoise& denoise,
                    uint64_t seed) {
  SeededNoise noise({seed});
  const Tensor start = noise.normal({1, 160, 160}) * std::sqrt(variance_at(plan.levels.front()));
  return variant.scheduler->sample(denoise, start, plan, model, noise, ignore_step).std().item<double>();
}

constexpr double kDeviationTolerance =
    0.025;  // relative; 25,600 numbers tell a deviation to 0.0044, and steps add a bias

/// With a network that knows the picture: is x at each level alpha x0 + sigma noise?
bool keeps_levels(const Variant& variant, const Plan& plan, const NoiseModel& model, uint64_t seed) {
  constexpr double kNearlyNone = 1e-3;  // of noise, where a level has none
  SeededNoise noise({seed});
  const Tensor picture = at::full({1, 1, 160, 160}, kPicture);
  bool keeps = true;
  variant.scheduler->sample([&](const Tensor&, const Level&) { return picture; },
                            add_noise(picture, noise.normal({1, 160, 160}), plan.levels.front()), plan, model, noise,
                            [&](size_t done, size_t, const Tensor& x) {
                              const Level& level = plan.levels[done];
                              const Tensor left = x - picture * level.alpha;
                              const double most = kDeviationTolerance * level.sigma + kNearlyNone;
                              keeps = keeps && std::abs(left.std().item<double>() - level.sigma) < most &&
                                      std::abs(left.mean().item<double>()) < most;
                            });
  return keeps;
}

std::string check_distribution(const Case& it) {
  const NoiseModel model = usual_noise();
  bool compared = false;
  for (const Variant& variant : variants(it, Breadth::named)) {
    if (!draws_noise(variant, model, it.seed)) continue;
    compared = true;
    const Plan plan = some_plan(variant, {400, 50, 20, 8, 4}, model);
    const double exact = std::sqrt(variance_at(plan.levels.back()));
    const double best = deviation_of(variant, plan, model, best_denoiser, it.seed);
    if (std::abs(best / exact - 1) < kDeviationTolerance) continue;
    const double consistent = deviation_of(variant, plan, model, consistency_function, it.seed);
    if (std::abs(consistent / exact - 1) < kDeviationTolerance) continue;
    if (keeps_levels(variant, plan, model, it.seed)) continue;
    fail(variant.name + ": the results' deviation is " + std::to_string(best) + " with the best denoiser and " +
         std::to_string(consistent) + " with the consistency function, of data whose deviation is " +
         std::to_string(exact) + "; nor does each level have its noise about a picture that the network knows");
  }
  return compared ? "" : "no variant adds noise: see scheduler/converges";
}

}  // namespace

std::vector<Check> accuracy_checks() {
  const std::vector<std::string> schedulers = {SchedulerFactory::kKind};
  return {
      {"scheduler/constant-picture",
       "A network that sees the same picture at every call makes that picture, from noise and from image to image; the "
       "latter not of a scheduler that says kLateStartIsRough, neither of one that says kPictureIsRough.",
       "At sigma 0 the result is alpha * x0: check the last step, and eps = (x - alpha * x0) / sigma.",
       "scheduler/finite", schedulers, check_constant},
      {"scheduler/converges",
       "On normally distributed data, whose path is known, twice the steps halve the error at least (order 1); with "
       "--order ID=N the error of the default options falls by 2^N. For samplers that add no noise, and do not say "
       "kStepsAreNominal.",
       "Compare a step with the paper: which level are alpha and sigma of, and is the slope that of the interval?",
       "scheduler/steps-told", schedulers, check_order},
      {"scheduler/distribution",
       "On normally distributed data a sampler that adds noise ends with the data's deviation; or at each level x is "
       "alpha x0 + sigma noise about an x0 that the network knows.",
       "Compare the noise that is added with what the step takes away: the variance of x at each level is alpha^2 S^2 "
       "+ sigma^2.",
       "scheduler/finite", schedulers, check_distribution},
  };
}

}  // namespace alice::check
