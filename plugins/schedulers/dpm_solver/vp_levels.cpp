#include "plugins/schedulers/dpm_solver/vp_levels.h"

#include <cmath>

namespace alice::schedulers {

Plan vp_plan(const std::vector<double>& sigmas, const std::vector<double>& times) {
  Plan plan;
  for (size_t i = 0; i < sigmas.size(); ++i) {
    const float ratio = static_cast<float>(sigmas[i]);
    const float alpha = 1 / std::sqrt(ratio * ratio + 1), sigma = ratio * alpha;
    plan.levels.push_back({alpha, sigma, i < times.size() ? std::trunc(times[i]) : 0});
  }
  return plan;
}

float lambda_of(const Level& level) {
  return std::log(static_cast<float>(level.alpha)) - std::log(static_cast<float>(level.sigma));
}

}  // namespace alice::schedulers
