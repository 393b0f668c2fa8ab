#pragma once
// Euler's method in sigma, with optional churn (Karras et al. 2022, Algorithm 2 without the second-order part).

#include "core/math/sampler_options.h"

namespace alice::schedulers {

enum class SigmaInterpolation {
  linear,      ///< the sigmas of the visited times
  log_linear,  ///< evenly in log sigma over all training steps; the run then ends at the least sigma, not at
               ///< final_sigmas_type
};

enum class TimestepType {
  discrete,    ///< the network is told training steps
  continuous,  ///< it is told log(sigma) / 4 (EDM), where it predicts velocity
};

struct EulerOptions : SpacingOptions, SigmaOptions {
  SigmaInterpolation interpolation_type = SigmaInterpolation::linear;
  std::optional<double> sigma_min, sigma_max;
  TimestepType timestep_type = TimestepType::discrete;
  FinalSigma final_sigmas_type = FinalSigma::zero;
  bool stochastic_sampling = false;
  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;
};

class Euler final : public Scheduler {
 public:
  using Options = EulerOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit Euler(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  /// The share by which churn raises sigma before a step of a run of `total` steps.
  double churn_at(double sigma, size_t total) const;

  Options options_;
};

}  // namespace alice::schedulers
