#include "plugins/schedulers/dpm_solver/unipc_step.h"

#include <cmath>
#include <vector>

#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {
namespace {

/// A step from one level to another: what the exact solution makes of x and a constant output, and the scale of the
/// rest.
struct Interval {
  Interval(const UniPcMethod& method, const Level& from, const Level& to)
      : h(lambda_of(to) - lambda_of(from)),
        exponent(method.predict_x0 ? -h : h),
        factor(static_cast<float>(method.predict_x0 ? to.alpha : to.sigma)),
        keep(method.predict_x0 ? static_cast<float>(to.sigma / from.sigma) : static_cast<float>(to.alpha / from.alpha)),
        b(method.scale == UniPcScale::bh1 ? exponent : std::expm1(exponent)) {}

  Tensor with_constant_output(const Tensor& x, const Tensor& output) const {
    return x * keep - output * (factor * std::expm1(exponent));
  }

  float h, exponent, factor, keep, b;
};

/// (outputs - the latest) / r, with r = (lambda - the latest's) / h: order - 1 of each.
struct Differences {
  std::vector<float> r;
  std::vector<Tensor> values;
};
Differences differences(const UniPcHistory& history, int order, float h) {
  Differences result;
  for (int k = 1; k < order; ++k) {
    const UniPcOutput& past = history[static_cast<size_t>(k)];
    const float r = (lambda_of(past.level) - lambda_of(history[0].level)) / h;
    result.r.push_back(r);
    result.values.push_back((past.value - history[0].value) / r);
  }
  return result;
}

/// The rho that make the residual exact for polynomials: sum_k rho_k r_k^(i-1) = i! h phi_(i+1)(h) / B(h), i = 1 ..
/// r.size().
std::vector<float> residual_weights(const std::vector<float>& r, const Interval& interval) {
  const int64_t count = static_cast<int64_t>(r.size());
  const Tensor powers = at::empty({count, count}, at::kFloat), sums = at::empty({count}, at::kFloat);
  float phi = std::expm1(interval.exponent) / interval.exponent - 1, factorial = 1;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t k = 0; k < count; ++k) powers[i][k] = std::pow(r[static_cast<size_t>(k)], static_cast<float>(i));
    sums[i] = phi * factorial / interval.b;
    factorial *= static_cast<float>(i + 2);
    phi = phi / interval.exponent - 1 / factorial;
  }
  const Tensor rho = at::linalg_solve(powers, sums);
  return {rho.data_ptr<float>(), rho.data_ptr<float>() + count};
}

Tensor weighted_sum(const std::vector<float>& weights, const std::vector<Tensor>& values) {
  Tensor sum = values[0] * weights[0];
  for (size_t k = 1; k < values.size(); ++k) sum = sum + values[k] * weights[k];
  return sum;
}

}  // namespace

Tensor unipc_predict(const UniPcMethod& method, int order, const Tensor& x, const UniPcHistory& history,
                     const Level& to) {
  const auto& [output, from] = history[0];
  if (to.sigma == 0) return (method.predict_x0 ? output : (x - output * from.sigma) / from.alpha) * to.alpha;
  const Interval interval(method, from, to);
  const Tensor base = interval.with_constant_output(x, output);
  if (order == 1) return base;
  const Differences known = differences(history, order, interval.h);
  // At order 2 the authors take the limit of small h, as does the reference.
  const std::vector<float> rho = order == 2 ? std::vector<float>{0.5f} : residual_weights(known.r, interval);
  return base - weighted_sum(rho, known.values) * (interval.factor * interval.b);
}

Tensor unipc_correct(const UniPcMethod& method, int order, const Tensor& x, const UniPcHistory& history,
                     const UniPcOutput& here) {
  const Interval interval(method, history[0].level, here.level);
  Differences known = differences(history, order, interval.h);
  known.r.push_back(1);
  known.values.push_back(here.value - history[0].value);
  // At order 1 likewise the limit.
  const std::vector<float> rho = order == 1 ? std::vector<float>{0.5f} : residual_weights(known.r, interval);
  return interval.with_constant_output(x, history[0].value) -
         weighted_sum(rho, known.values) * (interval.factor * interval.b);
}

}  // namespace alice::schedulers
