#pragma once
// DEIS in log rho (Zhang and Chen 2022, arXiv 2204.13902, Proposition 3 with rho = sigma / alpha): the noise estimate
// is the polynomial in log rho through the last ones, and the step is its exact integral.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

/// What files of other classes may say here, and what is read as DEIS.
enum class DeisName { known };

struct DeisMultistepOptions : SpacingOptions, SigmaOptions, ThresholdingOptions {
  int64_t solver_order = 2;
  DeisName algorithm_type = DeisName::known, solver_type = DeisName::known;
  bool lower_order_final = true;
};

class DeisMultistep final : public Scheduler {
 public:
  using Options = DeisMultistepOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit DeisMultistep(const Options& options) : options_(options) {}
  /// Ends at the noise of the first training step, or at the last level of karras, exponential and beta spacings, where
  /// the last step leads nowhere: as the reference.
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  /// The order of the plan's step i.
  int order_at(size_t i, const Plan& plan) const;

  Options options_;
};

}  // namespace alice::schedulers
