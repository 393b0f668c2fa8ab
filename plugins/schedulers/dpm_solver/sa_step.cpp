#include "plugins/schedulers/dpm_solver/sa_step.h"

#include <cmath>
#include <vector>

#include "plugins/schedulers/dpm_solver/vp_levels.h"

namespace alice::schedulers {
namespace {

// In float32, each operation in the reference's order: of high orders the terms are large and their sum is small, so
// that rounding shows.

/// The polynomial in lambda that is 1 at points[i] and 0 at the others: coefficients, of the highest power first.
std::vector<float> lagrange(const std::vector<float>& points, size_t i) {
  std::vector<float> others;
  float below = 1;
  for (size_t k = 0; k < points.size(); ++k) {
    if (k == i) continue;
    others.push_back(points[k]);
    below *= points[i] - points[k];
  }
  switch (others.size()) {
    case 0: return {1};
    case 1: return {1 / below, -others[0] / below};
    case 2: return {1 / below, (-others[0] - others[1]) / below, others[0] * others[1] / below};
    default: break;
  }
  const float a = others[0], b = others[1], c = others[2];
  return {1 / below, (-a - b - c) / below, (a * b + a * c + b * c) / below, -a * b * c / below};
}

/// The integral of exp(-l) l^power over an interval, and of exp((1 + tau^2) l) l^power.
float integral_of_noise(size_t power, float from, float to) {
  const auto part = [power](float l) {
    switch (power) {
      case 0: return 1.0f;
      case 1: return l + 1;
      case 2: return l * l + 2 * l + 2;
      default: return l * l * l + 3 * (l * l) + 6 * l + 6;
    }
  };
  return std::exp(-to) * (part(from) * std::exp(to - from) - part(to));
}
float integral_of_data(size_t power, float from, float to, float grows) {
  const float end = grows * to, start = grows * from;
  const auto part = [power](float l) {
    switch (power) {
      case 0: return 1.0f;
      case 1: return l - 1;
      case 2: return l * l - 2 * l + 2;
      default: return l * l * l - 3 * (l * l) + 6 * l - 6;
    }
  };
  return std::exp(end) * (part(end) - part(start) * std::exp(-(end - start))) /
         std::pow(grows, static_cast<float>(power + 1));
}

/// What each output counts for, before the factor that all have.
std::vector<float> coefficients(const SaStep& step, const std::vector<float>& lambdas) {
  const float from = lambda_of(step.from), to = lambda_of(step.to), grows = 1 + step.tau * step.tau;
  const size_t order = lambdas.size();
  std::vector<float> list;
  for (size_t i = 0; i < order; ++i) {
    const std::vector<float> polynomial = lagrange(lambdas, i);
    float sum = 0;
    for (size_t j = 0; j < order; ++j) {
      const size_t power = order - 1 - j;
      sum += polynomial[j] * (step.prediction == SaPrediction::data ? integral_of_data(power, from, to, grows)
                                                                    : integral_of_noise(power, from, to));
    }
    list.push_back(sum);
  }
  return list;
}

/// What the authors' code, and the reference, change at order 2, where they take half a square for the exact integral
/// of the slope: half_square is h^2 / 2, unit what the slope is counted in.
float second_order_change(const SaStep& step, float half_square, float unit) {
  const float h = lambda_of(step.to) - lambda_of(step.from), grows = 1 + step.tau * step.tau;
  const float exact = (h * grows - 1 + std::exp(grows * -h)) / (grows * grows);
  return std::exp(grows * lambda_of(step.to)) * (half_square - exact) / unit;
}

Tensor combined(const SaStep& step, const SaHistory& history, const std::vector<float>& weights) {
  const float h = lambda_of(step.to) - lambda_of(step.from), tau2 = step.tau * step.tau;
  const bool is_data = step.prediction == SaPrediction::data;
  const float alpha = static_cast<float>(step.to.alpha), sigma = static_cast<float>(step.to.sigma);
  const float alpha_ratio = static_cast<float>(step.to.alpha / step.from.alpha);
  const float sigma_ratio = static_cast<float>(step.to.sigma / step.from.sigma);
  const float factor = is_data ? (1 + tau2) * sigma * std::exp(-tau2 * lambda_of(step.to)) : -(1 + tau2) * alpha;
  const float added =
      is_data ? sigma * std::sqrt(1 - std::exp(-2 * tau2 * h)) : step.tau * sigma * std::sqrt(std::exp(2 * h) - 1);
  Tensor next = step.x * (is_data ? std::exp(-tau2 * h) * sigma_ratio : alpha_ratio);
  for (size_t i = 0; i < weights.size(); ++i) next = next + history[i].value * (factor * weights[i]);
  return added > 0 ? next + step.fresh * added : next;
}

std::vector<float> lambdas_of(const SaHistory& history, int order) {
  std::vector<float> list;
  for (int i = 0; i < order; ++i) list.push_back(history[static_cast<size_t>(i)].lambda);
  return list;
}

}  // namespace

Tensor sa_predict(const SaStep& step, const SaHistory& history, int order) {
  const std::vector<float> lambdas = lambdas_of(history, order);
  std::vector<float> weights = coefficients(step, lambdas);
  if (order == 2 && step.prediction == SaPrediction::data) {
    const float h = lambda_of(step.to) - lambda_of(step.from);
    const float change = second_order_change(step, h * h / 2, lambdas[0] - lambdas[1]);
    weights[0] += change, weights[1] -= change;
  }
  return combined(step, history, weights);
}

Tensor sa_correct(const SaStep& step, const SaHistory& history, int order) {
  std::vector<float> weights = coefficients(step, lambdas_of(history, order));
  if (order == 2 && step.prediction == SaPrediction::data) {
    const float h = lambda_of(step.to) - lambda_of(step.from);
    const float change = second_order_change(step, h * h / 2, h);
    weights[0] += change, weights[1] -= change;
  }
  return combined(step, history, weights);
}

}  // namespace alice::schedulers
