#include "core/math/run_noise.h"

namespace alice {

RunNoise::RunNoise(NoiseSource& source, const Plan& plan) : source_(source) {
  double least = 0, most = plan.levels.front().sigma;
  for (const Level& level : plan.levels)
    if (level.sigma > 0) least = level.sigma;
  auto* const brownian = static_cast<BrownianSource*>(source.extension(kBrownian));
  if (brownian && least < most) motion_ = brownian->motion(least, most);
}

Tensor RunNoise::between(const Tensor& like, double from, double to) {
  return motion_ ? motion_->between(like, from, to) : source_.normal_like(like);
}

}  // namespace alice
