#include "plugins/schedulers/dpm_solver/unipc_step.h"

#include <cmath>
#include <vector>

#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {
namespace {

/// A step from one level to another: what the exact solution makes of x and a constant output, and the scale of the rest.
struct Interval {
  Interval(const UniPcMethod& method, const Level& from, const Level& to)
      : h(lambda_of(to) - lambda_of(from)),
        exponent(method.predict_x0 ? -h : h),
        keep(method.predict_x0 ? to.sigma / from.sigma : to.alpha / from.alpha),
        factor(method.predict_x0 ? to.alpha : to.sigma),
        b(method.scale == UniPcScale::bh1 ? exponent : std::expm1(exponent)) {}

  Tensor with_constant_output(const Tensor& x, const Tensor& output) const { return x * keep - output * (factor * std::expm1(exponent)); }

  double h, exponent, keep, factor, b;
};

/// (outputs - the latest) / r, with r = (lambda - the latest's) / h: order - 1 of each.
struct Differences {
  std::vector<double> r;
  std::vector<Tensor> values;
};
Differences differences(const UniPcHistory& history, int order, double h) {
  Differences result;
  for (int k = 1; k < order; ++k) {
    const UniPcOutput& past = history[static_cast<size_t>(k)];
    const double r = (lambda_of(past.level) - lambda_of(history[0].level)) / h;
    result.r.push_back(r);
    result.values.push_back((past.value - history[0].value) / r);
  }
  return result;
}

/// The rho with sum_k rho_k r_k^(i-1) = i! phi_(i+1) h^i / B(h), i = 1 .. r.size() (equation 9 and theorem 3.1).
std::vector<double> residual_weights(const std::vector<double>& r, const Interval& interval) {
  const int64_t count = static_cast<int64_t>(r.size());
  const Tensor powers = at::empty({count, count}, at::kDouble), sums = at::empty({count}, at::kDouble);
  double phi = std::expm1(interval.exponent) / interval.exponent - 1, factorial = 1;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < count; ++k) powers[i][k] = std::pow(r[static_cast<size_t>(k)], static_cast<double>(i));
    sums[i] = phi * factorial / interval.b;
    factorial *= static_cast<double>(i + 2);
    phi = phi / interval.exponent - 1 / factorial;
  }
  const Tensor rho = at::linalg_solve(powers, sums);
  return {rho.data_ptr<double>(), rho.data_ptr<double>() + count};
}

Tensor weighted_sum(const std::vector<double>& weights, const std::vector<Tensor>& values) {
  Tensor sum = values[0] * weights[0];
  for (size_t k = 1; k < values.size(); ++k) sum = sum + values[k] * weights[k];
  return sum;
}

}  // namespace

Tensor unipc_predict(const UniPcMethod& method, int order, const Tensor& x, const UniPcHistory& history, const Level& to) {
  const auto& [output, from] = history[0];
  if (to.sigma == 0) return (method.predict_x0 ? output : (x - output * from.sigma) / from.alpha) * to.alpha;
  const Interval interval(method, from, to);
  const Tensor base = interval.with_constant_output(x, output);
  if (order == 1) return base;
  const Differences known = differences(history, order, interval.h);
  // For order 2 the paper takes the limit of small h (section 3.4).
  const std::vector<double> rho = order == 2 ? std::vector<double>{0.5} : residual_weights(known.r, interval);
  return base - weighted_sum(rho, known.values) * (interval.factor * interval.b);
}

Tensor unipc_correct(const UniPcMethod& method, int order, const Tensor& x, const UniPcHistory& history, const UniPcOutput& here) {
  const Interval interval(method, history[0].level, here.level);
  Differences known = differences(history, order, interval.h);
  known.r.push_back(1);
  known.values.push_back(here.value - history[0].value);
  // For order 1 the paper takes the limit of small h.
  const std::vector<double> rho = order == 1 ? std::vector<double>{0.5} : residual_weights(known.r, interval);
  return interval.with_constant_output(x, history[0].value) - weighted_sum(rho, known.values) * (interval.factor * interval.b);
}

}  // namespace alice::schedulers
