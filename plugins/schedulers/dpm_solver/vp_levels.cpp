#include "plugins/schedulers/dpm_solver/vp_levels.h"

#include <algorithm>
#include <cmath>

#include "core/math/sigma_plan.h"

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

std::vector<double> flow_grid(int64_t steps, double first, double end) {
  std::vector<double> grid;
  for (int64_t i = 0; i < steps; ++i)
    grid.push_back(first + (end - first) * static_cast<double>(i) / static_cast<double>(steps));
  return grid;
}

Plan flow_plan(const std::vector<double>& grid, SigmaSpacing spacing, FinalSigma final_sigma, const NoiseModel& model) {
  constexpr double kBelowNoise = 1e-6;
  if (spacing == SigmaSpacing::lu)
    throw Error(ErrorCode::bad_request, "/scheduler_options/use_lu_lambdas",
                "is not built for flow-matching models: must be false");
  std::vector<double> sigmas = model.shifted(grid);
  if (spacing != SigmaSpacing::uniform_in_time)
    sigmas = spaced_sigmas(spacing, {sigmas.front(), sigmas.back()}, static_cast<int64_t>(sigmas.size()));
  sigmas.front() = std::min(sigmas.front(), 1 - kBelowNoise);
  sigmas.push_back(final_sigma == FinalSigma::zero ? 0 : sigmas.back());
  Plan plan = own_plan(sigmas, model);
  for (size_t i = 0; i < plan.steps(); ++i)
    plan.levels[i].t = std::trunc(sigmas[i] * static_cast<double>(model.train_steps()));
  return plan;
}

float lambda_of(const Level& level) {
  return std::log(static_cast<float>(level.alpha)) - std::log(static_cast<float>(level.sigma));
}

}  // namespace alice::schedulers
