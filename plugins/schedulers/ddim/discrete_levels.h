#pragma once
// Levels of samplers that step from one training step to another: alpha = sqrt(abar(t)), sigma = sqrt(1 - abar(t)).

#include <cmath>

#include "core/api/scheduler.h"
#include "core/math/noise_model.h"

namespace alice::schedulers {

/// The levels of one run of `steps` steps. References `model`.
class DiscreteLevels {
 public:
  /// `end_without_noise`: a run ends at abar = 1, otherwise at abar(0).
  DiscreteLevels(const NoiseModel& model, int64_t steps, bool end_without_noise)
      : abar_(model.alphas_cumprod()), ratio_(model.train_steps() / steps), final_abar_(end_without_noise ? 1 : abar_.front()) {}
  /// The same for a plan that is under way.
  DiscreteLevels(const NoiseModel& model, const Plan& plan, bool end_without_noise)
      : DiscreteLevels(model, static_cast<int64_t>(plan.steps() + plan.first_step), end_without_noise) {}

  /// Training steps that a step spans. The reference always steps by this, also where its spacing visits other times.
  int64_t ratio() const { return ratio_; }
  /// t below 0 is the end of a run.
  Level at(int64_t t) const {
    const double abar = t < 0 ? final_abar_ : abar_[static_cast<size_t>(t)];
    return {std::sqrt(abar), std::sqrt(1 - abar), static_cast<double>(t)};
  }
  /// Where a step from t arrives.
  Level after(int64_t t) const { return at(t - ratio_); }

 private:
  const std::vector<double>& abar_;
  int64_t ratio_;
  double final_abar_;
};

}  // namespace alice::schedulers
