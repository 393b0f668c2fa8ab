#pragma once
// Levels of samplers that step from one training step to another: alpha = sqrt(abar(t)), sigma = sqrt(1 - abar(t)).

#include "core/math/sampler_options.h"

namespace alice::schedulers {

/// The levels of one run of `steps` steps. References `model`.
class DiscreteLevels {
 public:
  /// `end_without_noise`: a run ends at abar = 1, otherwise at abar(0).
  DiscreteLevels(const NoiseModel& model, int64_t steps, bool end_without_noise);
  /// The same for a plan that may have been cut by from().
  DiscreteLevels(const NoiseModel& model, const Plan& plan, bool end_without_noise);

  /// Training steps that a step spans. The reference always steps by this, also where its spacing visits other times.
  int64_t ratio() const { return ratio_; }
  /// t below 0 is the end of a run.
  Level at(int64_t t) const;
  /// Where a step from t arrives.
  Level after(int64_t t) const { return at(t - ratio_); }

 private:
  const std::vector<double>& abar_;
  int64_t ratio_;
  double final_abar_;
};

/// The levels of the visited times, rounded to training steps, and where the last step arrives.
Plan discrete_plan(const SpacingOptions& options, int64_t steps, const NoiseModel& model, bool end_without_noise);

}  // namespace alice::schedulers
