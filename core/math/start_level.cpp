#include "core/math/start_level.h"

#include <algorithm>
#include <cmath>

#include "core/api/late_start.h"
#include "core/math/noise_model.h"

namespace alice {

Level start_level(const Scheduler& scheduler, const Level& level, const NoiseModel& model) {
  if (model.path() != NoisePath::diffusion || scheduler.extension(kStartsAtTime) == nullptr) return level;
  const std::vector<double>& abar = model.alphas_cumprod();
  const double t = std::clamp(std::nearbyint(level.t), 0.0, static_cast<double>(abar.size() - 1));
  const double share = abar[static_cast<size_t>(t)], norm = std::hypot(level.alpha, level.sigma);
  return {std::sqrt(share) * norm, std::sqrt(1 - share) * norm, level.t};
}

}  // namespace alice
