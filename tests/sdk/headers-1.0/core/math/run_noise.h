#pragma once
// The noise that a sampler of a stochastic equation adds between two levels of a run.

#include <memory>

#include "core/api/brownian.h"
#include "core/api/scheduler.h"

namespace alice {

/// One run's own. Noise of one Brownian motion over the run's sigmas where the source has one (as k-diffusion, whose
/// time is sigma), else a draw for each interval.
class RunNoise {
 public:
  /// Keeps a reference to `source`. The motion is over the sigmas of `plan`, the last one that is above 0 its end.
  RunNoise(NoiseSource& source, const Plan& plan);
  /// Standard normal, float32 on the CPU, of `like`'s shape. from > to > 0, within the plan's.
  Tensor between(const Tensor& like, double from, double to);

 private:
  struct State;
  std::shared_ptr<const State> state_;  // all that there is, so that it may grow
};

}  // namespace alice
