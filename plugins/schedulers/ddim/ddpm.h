#pragma once
// Denoising diffusion probabilistic models (Ho et al. 2020, equations 6, 7 and 11): each step draws from the posterior
// of the step before, given the picture estimate; between training steps that need not be neighbours.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

/// The variance of a step's fresh noise.
enum class StepVariance {
  small,    ///< the posterior's: what is right for a picture that is known
  large,    ///< beta of the step: what is right for pictures that are noise
  learned,  ///< the network's own: refused
};

struct DdpmOptions : SpacingOptions, ClipOptions, ThresholdingOptions {
  DdpmOptions() { timestep_spacing = TimestepSpacing::leading, clip_sample = true; }

  StepVariance variance_type = StepVariance::small;
};

/// (The reference gets numbers that are not finite from variance_type fixed_large_log, whose logarithm it takes the
/// root of; here it is fixed_large.)
class Ddpm final : public Scheduler {
 public:
  using Options = DdpmOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit Ddpm(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  /// Draws noise in every step but from the first training step.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  Options options_;
};

}  // namespace alice::schedulers
