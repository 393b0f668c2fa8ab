#include "core/math/run_noise.h"

namespace alice {

struct RunNoise::State {
  NoiseSource& source;
  std::unique_ptr<Brownian> motion;
};

RunNoise::RunNoise(NoiseSource& source, const Plan& plan) {
  double least = 0, most = plan.levels.front().sigma;
  for (const Level& level : plan.levels)
    if (level.sigma > 0) least = level.sigma;
  auto* const brownian = static_cast<BrownianSource*>(source.extension(kBrownian));
  const bool has_motion = brownian && least < most;
  state_ = std::make_shared<const State>(State{source, has_motion ? brownian->motion(least, most) : nullptr});
}

Tensor RunNoise::between(const Tensor& like, double from, double to) {
  return state_->motion ? state_->motion->between(like, from, to) : state_->source.normal_like(like);
}

}  // namespace alice
