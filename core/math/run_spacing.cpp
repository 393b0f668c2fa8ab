#include "core/math/run_spacing.h"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <cmath>
#include <string>

#include "core/base/error.h"
#include "core/math/run_spacing_tables.h"
#include "core/math/sigma_spacing.h"
#include "core/math/timestep_spacing.h"

namespace alice {
namespace {

/// The sigma of every training step, rising, and in between evenly in its logarithm.
class Curve {
 public:
  explicit Curve(const NoiseModel& model) : sigmas_(table_of(model)) {}

  int64_t steps() const { return static_cast<int64_t>(sigmas_.size()); }
  double least() const { return sigmas_.front(); }
  double most() const { return sigmas_.back(); }
  double at(double t) const {
    const double last = static_cast<double>(steps() - 1), time = std::clamp(t, 0.0, last);
    const auto low = static_cast<size_t>(std::min(std::floor(time), last - 1));
    const double share = time - static_cast<double>(low);
    return std::exp((1 - share) * std::log(sigmas_[low]) + share * std::log(sigmas_[low + 1]));
  }

 private:
  static std::vector<double> table_of(const NoiseModel& model) {
    if (model.path() == NoisePath::diffusion) return model.sigmas();
    std::vector<double> falling;
    const int64_t count = model.train_steps();
    if (model.path() == NoisePath::edm) {
      falling = model.run_sigmas(count);
    } else {
      for (int64_t i = count; i > 0; --i) falling.push_back(static_cast<double>(i) / static_cast<double>(count));
      falling = model.shifted(falling);
    }
    return {falling.rbegin(), falling.rend()};
  }
  std::vector<double> sigmas_;
};

/// `count` values from 0 to 1, both among them; one: 0.
std::vector<double> ramp(int64_t count) {
  std::vector<double> values;
  for (int64_t i = 0; i < count; ++i)
    values.push_back(count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0);
  return values;
}

double between(double from, double to, double share) { return from + share * (to - from); }

template <class SigmaAt>
SigmaList along(const std::vector<double>& shares, const SigmaAt& sigma_at) {
  SigmaList sigmas;
  for (const double share : shares) sigmas.push_back(sigma_at(share));
  return sigmas;
}

SigmaList polynomial(const Curve& curve, int64_t steps, double rho) {
  const double from = std::pow(curve.most(), 1 / rho), to = std::pow(curve.least(), 1 / rho);
  return along(ramp(steps), [&](double share) { return std::pow(between(from, to, share), rho); });
}

SigmaList polynomial_in_log(const Curve& curve, int64_t steps, double rho) {
  const double from = std::log(curve.most()), to = std::log(curve.least());
  return along(ramp(steps), [&](double share) { return std::exp(between(to, from, std::pow(1 - share, rho))); });
}

/// Evenly in time from the last training step to the first, `points` of them, of which the first `steps` are taken.
SigmaList even_in_time(const Curve& curve, int64_t points, int64_t steps) {
  std::vector<double> shares = ramp(points);
  shares.resize(static_cast<size_t>(steps));
  const double last = static_cast<double>(curve.steps() - 1);
  return along(shares, [&](double share) { return curve.at(last * (1 - share)); });
}

/// The sigmas of training steps `index_of(i)`, i = 0 .. steps - 1.
template <class IndexOf>
SigmaList at_indices(const Curve& curve, int64_t steps, const IndexOf& index_of) {
  SigmaList sigmas;
  int64_t before = curve.steps();
  for (int64_t i = 0; i < steps; ++i) {
    const int64_t index = index_of(i);
    if (index < 0 || index >= before)
      throw Error(ErrorCode::bad_request, "/steps",
                  "is more than this spacing has training steps for: step " + std::to_string(i + 1) + " of " +
                      std::to_string(steps) + " would be the one before it once more");
    sigmas.push_back(curve.at(static_cast<double>(index)));
    before = index;
  }
  return sigmas;
}

SigmaList simple(const Curve& curve, int64_t steps) {
  const double apart = static_cast<double>(curve.steps()) / static_cast<double>(steps);
  return at_indices(curve, steps, [&](int64_t i) {
    return curve.steps() - 1 - static_cast<int64_t>(static_cast<double>(i) * apart);
  });
}

SigmaList ddim_uniform(const Curve& curve, int64_t steps) {
  return at_indices(curve, steps, [&](int64_t i) { return 1 + (steps - 1 - i) * curve.steps() / steps; });
}

SigmaList turbo(const Curve& curve, int64_t steps) {
  constexpr int64_t kLevels = 10;
  return at_indices(curve, steps, [&](int64_t i) { return (kLevels - i) * curve.steps() / kLevels - 1; });
}

double beta_quantile(double probability) {
  static const boost::math::beta_distribution<double> distribution(0.6, 0.6);
  return boost::math::quantile(distribution, probability);
}

SigmaList beta(const Curve& curve, int64_t steps) {
  const double last = static_cast<double>(curve.steps() - 1);
  return at_indices(curve, steps, [&](int64_t i) {
    const double probability = 1 - static_cast<double>(i) / static_cast<double>(steps);
    return static_cast<int64_t>(std::nearbyint(beta_quantile(probability) * last));
  });
}

SigmaList beta_a1111(const Curve& curve, int64_t steps) {
  return along(ramp(steps),
               [&](double share) { return between(curve.least(), curve.most(), beta_quantile(1 - share)); });
}

SigmaList linear_quadratic(const Curve& curve, int64_t steps) {
  constexpr double kThreshold = 0.025;
  if (steps == 1) return {curve.most()};
  const double n = static_cast<double>(steps), linear = static_cast<double>(steps / 2), rest = n - linear;
  const double difference = linear - kThreshold * n;
  const double quadratic = difference / (linear * rest * rest);
  const double slope = kThreshold / linear - 2 * difference / (rest * rest);
  SigmaList sigmas;
  for (int64_t step = 0; step < steps; ++step) {
    const double i = static_cast<double>(step);
    const double done = i < linear ? i * kThreshold / linear : quadratic * (i * i + linear * linear) + slope * i;
    sigmas.push_back((1 - done) * curve.most());
  }
  return sigmas;
}

SigmaList kl_optimal(const Curve& curve, const std::vector<double>& shares) {
  const double from = std::atan(curve.most()), to = std::atan(curve.least());
  return along(shares, [&](double share) { return std::tan(between(from, to, share)); });
}

/// Evenly in log sigma between the points of a list: `count` of them, both ends among them.
SigmaList log_linear(const SigmaList& list, int64_t count) {
  return along(ramp(count), [&](double share) {
    const double place = share * static_cast<double>(list.size() - 1);
    const auto low = std::min(static_cast<size_t>(place), list.size() - 2);
    return std::exp(between(std::log(list[low]), std::log(list[low + 1]), place - static_cast<double>(low)));
  });
}

/// The first `steps` of steps + 1 points.
SigmaList all_but_last(const SigmaList& list, int64_t steps) {
  SigmaList sigmas = log_linear(list, steps + 1);
  sigmas.pop_back();
  return sigmas;
}

SigmaList gits(int64_t steps) {
  constexpr int64_t kFewest = 2, kMost = 20;
  return all_but_last(gits_sigmas(std::clamp(steps, kFewest, kMost)), steps);
}

bool is_of_a_table(RunSpacing spacing) {
  switch (spacing) {
    case RunSpacing::align_your_steps:
    case RunSpacing::align_your_steps_xl:
    case RunSpacing::align_your_steps_comfyui:
    case RunSpacing::align_your_steps_comfyui_xl:
    case RunSpacing::gits: return true;
    default: return false;
  }
}

/// The end is not among them, but of kl_optimal_a1111, which has one of its own.
SigmaList spread(RunSpacing spacing, std::optional<double> rho, int64_t steps, const NoiseModel& model) {
  constexpr double kKarrasRho = 7, kPolyexponentialRho = 1;
  if (is_of_a_table(spacing) && model.path() != NoisePath::diffusion)
    throw Error(ErrorCode::bad_request, "/scheduler_options/spacing",
                "has noise levels that were found for Stable Diffusion: name another one for this model");
  const Curve curve(model);
  switch (spacing) {
    case RunSpacing::uniform: return even_in_time(curve, steps, steps);
    case RunSpacing::karras: return polynomial(curve, steps, rho.value_or(kKarrasRho));
    case RunSpacing::exponential: return polynomial_in_log(curve, steps, 1);
    case RunSpacing::polyexponential: return polynomial_in_log(curve, steps, rho.value_or(kPolyexponentialRho));
    case RunSpacing::sgm_uniform: return even_in_time(curve, steps + 1, steps);
    case RunSpacing::simple: return simple(curve, steps);
    case RunSpacing::ddim_uniform: return ddim_uniform(curve, steps);
    case RunSpacing::beta: return beta(curve, steps);
    case RunSpacing::beta_a1111: return beta_a1111(curve, steps);
    case RunSpacing::linear_quadratic: return linear_quadratic(curve, steps);
    case RunSpacing::kl_optimal: return kl_optimal(curve, ramp(steps));
    case RunSpacing::kl_optimal_a1111: return kl_optimal(curve, ramp(steps + 1));
    case RunSpacing::align_your_steps: return log_linear(align_your_steps_a1111(false), steps);
    case RunSpacing::align_your_steps_xl: return log_linear(align_your_steps_a1111(true), steps);
    case RunSpacing::align_your_steps_comfyui: return all_but_last(align_your_steps_comfyui(false), steps);
    case RunSpacing::align_your_steps_comfyui_xl: return all_but_last(align_your_steps_comfyui(true), steps);
    case RunSpacing::gits: return gits(steps);
    case RunSpacing::turbo: return turbo(curve, steps);
  }
  throw Error(ErrorCode::internal, "spacing", "is none that is known");
}

std::vector<double> told_at(const SigmaList& sigmas, const NoiseModel& model) {
  SigmaList begins = sigmas;
  begins.pop_back();
  if (model.path() == NoisePath::diffusion) return SigmaTable(model).times_of(begins);
  for (double& sigma : begins) sigma = model.level(sigma).t;
  return begins;
}

void check_count(size_t given, int64_t steps, bool may_have_end, const char* name) {
  const auto wanted = static_cast<size_t>(steps);
  if (given == wanted || (may_have_end && given == wanted + 1)) return;
  throw Error(ErrorCode::bad_request, "/steps",
              "must be " + std::to_string(given) + ", as many as scheduler_options." + name + " has values" +
                  (may_have_end ? ", or one fewer" : "") + "; got " + std::to_string(steps));
}

SigmaList own_sigmas(SigmaList sigmas, int64_t steps) {
  check_count(sigmas.size(), steps, true, "sigmas");
  if (sigmas.size() == static_cast<size_t>(steps)) sigmas.push_back(0);
  return sigmas;
}

RunLevels own_times(const std::vector<double>& times, int64_t steps, const NoiseModel& model) {
  check_count(times.size(), steps, false, "timesteps");
  const double last = static_cast<double>(model.train_steps() - 1);
  if (times.front() > last)
    throw Error(ErrorCode::bad_request, "/scheduler_options/timesteps",
                "must be at most " + std::to_string(model.train_steps() - 1) + ", the last training step");
  RunLevels levels = {{}, times};
  if (model.path() == NoisePath::diffusion) {
    levels.sigmas = SigmaTable(model).sigmas_at(times);
  } else {
    const Curve curve(model);
    for (const double t : times) levels.sigmas.push_back(curve.at(t));
  }
  levels.sigmas.push_back(0);
  if (model.path() != NoisePath::diffusion) levels.times = told_at(levels.sigmas, model);
  return levels;
}

bool falls(const std::vector<double>& values) {
  return std::adjacent_find(values.begin(), values.end(), std::less_equal<>()) == values.end();
}

}  // namespace

const Choices<RunSpacing>& run_spacing_names() {
  using S = RunSpacing;
  static const Choices<S> names = {{"uniform", S::uniform},
                                   {"normal", S::uniform},
                                   {"karras", S::karras},
                                   {"exponential", S::exponential},
                                   {"polyexponential", S::polyexponential},
                                   {"sgm_uniform", S::sgm_uniform},
                                   {"simple", S::simple},
                                   {"ddim_uniform", S::ddim_uniform},
                                   {"beta", S::beta},
                                   {"beta_a1111", S::beta_a1111},
                                   {"linear_quadratic", S::linear_quadratic},
                                   {"kl_optimal", S::kl_optimal},
                                   {"kl_optimal_a1111", S::kl_optimal_a1111},
                                   {"align_your_steps", S::align_your_steps},
                                   {"align_your_steps_xl", S::align_your_steps_xl},
                                   {"align_your_steps_comfyui", S::align_your_steps_comfyui},
                                   {"align_your_steps_comfyui_xl", S::align_your_steps_comfyui_xl},
                                   {"gits", S::gits},
                                   {"turbo", S::turbo}};
  return names;
}

void check_run_spacing(const RunSpacingOptions& options, const PlaceOf& place, Faults& faults) {
  const int asked = (options.spacing ? 1 : 0) + (options.sigmas.empty() ? 0 : 1) + (options.timesteps.empty() ? 0 : 1);
  if (asked > 1)
    faults.add(place(options.sigmas.empty() ? "timesteps" : "sigmas"),
               "excludes spacing, and sigmas and timesteps each other: only one list of noise levels can be used");
  if (options.spacing_rho && options.spacing != RunSpacing::karras && options.spacing != RunSpacing::polyexponential)
    faults.add(place("spacing_rho"), "is for the spacings karras and polyexponential alone");
  if (options.discard_next_to_last_sigma && !options.spacing)
    faults.add(place("discard_next_to_last_sigma"), "needs a spacing");
  if (!falls(options.sigmas)) faults.add(place("sigmas"), "must fall from each to the next");
  if (!falls(options.timesteps)) faults.add(place("timesteps"), "must fall from each to the next");
}

std::optional<RunLevels> run_levels(const RunSpacingOptions& options, int64_t steps, const NoiseModel& model) {
  if (!options.timesteps.empty()) return own_times(options.timesteps, steps, model);
  SigmaList sigmas;
  if (!options.sigmas.empty()) {
    sigmas = own_sigmas(options.sigmas, steps);
  } else if (options.spacing) {
    check_steps(steps, model.train_steps());
    const int64_t more = options.discard_next_to_last_sigma ? 1 : 0;
    sigmas = spread(*options.spacing, options.spacing_rho, steps + more, model);
    if (sigmas.size() == static_cast<size_t>(steps + more)) sigmas.push_back(0);
    if (more) sigmas.erase(sigmas.end() - 2);
  } else {
    return std::nullopt;
  }
  return RunLevels{sigmas, told_at(sigmas, model)};
}

}  // namespace alice
