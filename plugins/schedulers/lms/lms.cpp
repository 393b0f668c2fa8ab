#include "plugins/schedulers/lms/lms.h"

#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <deque>
#include <string_view>

#include "core/math/sigma_plan.h"

namespace alice::schedulers {
namespace {

constexpr int64_t kHighestOrder = 8;
/// With n points a polynomial of degree 2 n - 1 is integrated exactly (Gauss and Legendre); those here have one less
/// than the order.
using Quadrature = boost::math::quadrature::gauss<double, kHighestOrder>;

/// What the slope at sigmas[step - behind] counts for in the step from sigmas[step]: the integral over that step of the
/// Lagrange polynomial that is 1 there and 0 at the other `order` - 1 sigmas before and at `step`.
double weight_of(const std::vector<double>& sigmas, size_t step, size_t behind, size_t order) {
  const double own = sigmas[step - behind];
  const auto polynomial = [&](double sigma) {
    double product = 1;
    for (size_t k = 0; k < order; ++k)
      if (k != behind) product *= (sigma - sigmas[step - k]) / (own - sigmas[step - k]);
    return product;
  };
  return -Quadrature::integrate(polynomial, sigmas[step + 1], sigmas[step]);  // sigmas fall
}

}  // namespace

const OptionTable<LmsOptions>& Lms::options() {
  static const OptionTable<LmsOptions> table = [] {
    OptionTable<LmsOptions> t;
    add_spacing_options(t);
    add_sigma_options(t);
    t.integer("order", &LmsOptions::order, {1, kHighestOrder}, "slopes that a step is made from; 1 is Euler's method")
        .boolean("jump_to_picture", &LmsOptions::jump_to_picture,
                 "a step to no noise takes the picture estimate, as ComfyUI, and not all slopes, as k-diffusion");
    return t;
  }();
  return table;
}

void Lms::check(const Options& options, const PlaceOf& place, Faults& faults) {
  check_sigma_options(options, place, faults);
}

Plan Lms::plan(int64_t steps, const NoiseModel& model) const {
  return visited_sigma_plan(options_, options_, steps, model);
}

Tensor Lms::sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource&,
                   const OnStep& on_step) const {
  const std::vector<double> sigmas = all_sigmas(plan, model);
  const auto most = static_cast<size_t>(options_.order);
  std::deque<Tensor> slopes;  // the newest first
  for (size_t i = 0; i < plan.steps(); ++i) {
    const Level& from = plan.levels[i];
    const Tensor x0 = denoise(x, from);
    slopes.push_front((x - x0) / from.sigma);
    if (slopes.size() > most) slopes.pop_back();
    // Of a run that begins later, for image to image, the first steps have fewer slopes than sigmas behind them. The
    // reference weighs them as those of the whole run, and goes without the others.
    const size_t step = plan.first_step + i, order = std::min(step + 1, most);
    Tensor change = slopes[0] * weight_of(sigmas, step, 0, order);
    for (size_t k = 1; k < std::min(order, slopes.size()); ++k)
      change = change + slopes[k] * weight_of(sigmas, step, k, order);
    x = options_.jump_to_picture && plan.levels[i + 1].sigma == 0 ? x0 : x + change;
    on_step(i + 1, plan.steps(), x);
  }
  return x;
}

const void* Lms::extension(const char* name) const {
  const std::string_view asked = name;
  const bool extrapolates_far = options_.spacing == RunSpacing::linear_quadratic && !options_.jump_to_picture;
  const bool is_rough = asked == kLateStartIsRough || (asked == kPictureIsRough && extrapolates_far);
  return options_.order > 1 && is_rough ? this : nullptr;
}

std::vector<double> Lms::all_sigmas(const Plan& plan, const NoiseModel& model) const {
  const auto sigmas_of = [](const Plan& whole) {
    std::vector<double> sigmas;
    for (const Level& level : whole.levels) sigmas.push_back(level.sigma);
    return sigmas;
  };
  if (plan.first_step == 0) return sigmas_of(plan);
  return sigmas_of(this->plan(static_cast<int64_t>(plan.first_step + plan.steps()), model));
}

}  // namespace alice::schedulers
