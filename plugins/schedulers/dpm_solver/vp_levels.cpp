#include "plugins/schedulers/dpm_solver/vp_levels.h"

#include <cmath>

namespace alice::schedulers {

Plan vp_plan(const std::vector<double>& sigmas, const std::vector<double>& times) {
  Plan plan;
  for (size_t i = 0; i < sigmas.size(); ++i) {
    const double ratio = static_cast<float>(sigmas[i]);
    const double alpha = 1 / std::sqrt(ratio * ratio + 1);
    plan.levels.push_back({alpha, ratio * alpha, i < times.size() ? std::trunc(times[i]) : 0});
  }
  return plan;
}

double lambda_of(const Level& level) { return std::log(level.alpha) - std::log(level.sigma); }

}  // namespace alice::schedulers
