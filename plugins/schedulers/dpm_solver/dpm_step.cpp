#include "plugins/schedulers/dpm_solver/dpm_step.h"

#include <cmath>

#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {
namespace {

/// A step is x * keep - scale * I + noise * fresh, I the integral of exp(u) times the output's Taylor series, u from 0
/// to `exponent`.
struct Integral {
  float keep, scale, exponent, fresh;
};

Integral integral_of(DpmAlgorithm algorithm, const Level& from, const Level& to, float h) {
  const float alpha = static_cast<float>(to.alpha), sigma = static_cast<float>(to.sigma);
  const float alpha_ratio = static_cast<float>(to.alpha / from.alpha);
  const float sigma_ratio = static_cast<float>(to.sigma / from.sigma);
  switch (algorithm) {
    case DpmAlgorithm::dpmsolver: return {alpha_ratio, sigma, h, 0};
    case DpmAlgorithm::dpmsolver_pp: return {sigma_ratio, alpha, -h, 0};
    case DpmAlgorithm::sde_dpmsolver: return {alpha_ratio, 2 * sigma, h, sigma * std::sqrt(std::expm1(2 * h))};
    case DpmAlgorithm::sde_dpmsolver_pp: break;
  }
  return {sigma_ratio * std::exp(-h), alpha, -2 * h, sigma * std::sqrt(-std::expm1(-2 * h))};
}

}  // namespace

DpmWeights dpm_weights(DpmAlgorithm algorithm, DpmSolverType type, int order, const Level& from, const Level& to) {
  const Integral integral = integral_of(algorithm, from, to, lambda_of(to) - lambda_of(from));
  const float s = integral.exponent, grown = std::expm1(s);
  DpmWeights weights = {integral.keep, -integral.scale * grown, 0, 0, integral.fresh};
  if (order == 2 && type == DpmSolverType::midpoint)
    weights.first = weights.output / 2;
  else if (order >= 2)
    weights.first = -integral.scale * (grown / s - 1);
  if (order == 3) {
    // The reference's stochastic third order has this half with the sign turned; kept, so that its pictures come out.
    const float half = algorithm == DpmAlgorithm::sde_dpmsolver_pp ? -0.5f : 0.5f;
    weights.second = -integral.scale * ((grown - s) / (s * s) - half);
  }
  return weights;
}

bool is_stochastic(DpmAlgorithm algorithm) {
  return algorithm == DpmAlgorithm::sde_dpmsolver || algorithm == DpmAlgorithm::sde_dpmsolver_pp;
}

bool integrates_x0(DpmAlgorithm algorithm) {
  return algorithm == DpmAlgorithm::dpmsolver_pp || algorithm == DpmAlgorithm::sde_dpmsolver_pp;
}

Tensor dpm_step(DpmAlgorithm algorithm, DpmSolverType type, int order, const Tensor& x, const DpmHistory& history,
                const Level& from, const Level& to, const Tensor& noise) {
  const float h = lambda_of(to) - lambda_of(from);
  const DpmWeights weights = dpm_weights(algorithm, type, order, from, to);

  Tensor next = x * weights.keep + history[0].value * weights.output;
  if (order >= 2) {
    // Divided differences over the outputs before, in units of h.
    const float r0 = (history[0].lambda - history[1].lambda) / h;
    const Tensor slope0 = (history[0].value - history[1].value) / r0;
    if (order == 2) {
      next = next + slope0 * weights.first;
    } else {
      const float r1 = (history[1].lambda - history[2].lambda) / h;
      const Tensor slope1 = (history[1].value - history[2].value) / r1;
      const Tensor bend = (slope0 - slope1) / (r0 + r1);
      next = next + (slope0 + bend * r0) * weights.first + bend * weights.second;
    }
  }
  return noise.defined() ? next + noise * weights.fresh : next;
}

}  // namespace alice::schedulers
