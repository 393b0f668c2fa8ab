#pragma once
// Noise levels of a run, as sigma with alpha = 1, and the times that a network was trained to see them at.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/math/noise_model.h"

namespace alice {

enum class SigmaSpacing {
  uniform_in_time,  ///< the sigmas of the visited time steps
  karras,           ///< Karras et al. 2022, equation 5, rho = 7
  exponential,      ///< evenly in log sigma
  beta,             ///< quantiles of the beta distribution, both its parameters 0.6 (Lee et al. 2024, arXiv 2407.12173)
  lu,               ///< evenly in lambda = -log sigma (Lu et al. 2022), rho = 1
};

struct SigmaRange {
  double maximum, minimum;
};

/// `count` >= 1 sigmas from range.maximum down to range.minimum (one: the maximum alone). `spacing` is none of
/// uniform_in_time. Throws Error(bad_config) unless 0 < minimum < maximum, both finite (they may be equal when count is
/// 1).
std::vector<double> spaced_sigmas(SigmaSpacing spacing, SigmaRange range, int64_t count);

/// A noise model's sigma at every training step, read both ways. Immutable; any thread.
class SigmaTable {
 public:
  explicit SigmaTable(const NoiseModel& model);

  /// Of the first and the last training step.
  SigmaRange range() const;
  /// Linear between training steps, t clamped to them.
  double sigma_at(double t) const;
  /// sigma_at each.
  std::vector<double> sigmas_at(const std::vector<double>& times) const;
  /// Linear in log sigma between training steps, clamped to them.
  double time_of(double sigma) const;
  /// time_of each.
  std::vector<double> times_of(const std::vector<double>& sigmas) const;
  /// Training steps with log sigma <= `log_sigma`.
  int64_t steps_up_to(double log_sigma) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;  // all that there is, so that it may grow
};

}  // namespace alice
