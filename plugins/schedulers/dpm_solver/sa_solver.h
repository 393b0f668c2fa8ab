#pragma once
// SA-Solver (Xue et al. 2023, arXiv 2309.05019, Algorithm 1): Adams and Bashforth's predictor and Adams and Moulton's
// corrector for the stochastic equation, one call a step.

#include "core/api/late_start.h"
#include "core/math/sampler_options.h"
#include "plugins/schedulers/dpm_solver/sa_step.h"
#include "plugins/schedulers/dpm_solver/variance_option.h"

namespace alice::schedulers {

struct SaSolverOptions : SpacingOptions, SigmaOptions, ThresholdingOptions {
  int64_t predictor_order = 2, corrector_order = 2;
  SaPrediction algorithm_type = SaPrediction::data;
  double tau = 1, tau_from = 800, tau_to = 200;
  std::optional<std::string> tau_func;
  bool lower_order_final = true;
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  std::optional<VarianceType> variance_type;
};

class SaSolver final : public Scheduler {
 public:
  using Options = SaSolverOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit SaSolver(const Options& options) : options_(options) {}
  /// Ends as DeisMultistep's.
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  /// Draws noise in every step, also where tau is 0: as the reference, whose generator it keeps pace with.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;
  /// kStartsAtTime.
  const void* extension(const char* name) const override;

 private:
  /// What the algorithm integrates: x0, or the noise.
  Tensor output(const Denoise& denoise, const Tensor& x, const Level& level) const;
  /// x0 of an output for x.
  Tensor picture(const Tensor& output, const Tensor& x, const Level& level) const;
  /// Share of noise that a step from `level` renews.
  float tau_at(const Level& level) const;

  Options options_;
};

}  // namespace alice::schedulers
