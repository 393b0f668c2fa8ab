#pragma once
// Multistep consistency sampling of latent consistency models (Luo et al. 2023, Algorithm 3; Song et al. 2023,
// Algorithm 1): the network jumps to a picture, which is noised again to the next, lower level. For networks that were
// distilled for it; 1 to 8 steps are usual.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct LcmOptions : ClipOptions, ThresholdingOptions {
  int64_t original_inference_steps = 50;
  double strength = 1;
  double timestep_scaling = 10;
};

class Lcm final : public Scheduler {
 public:
  using Options = LcmOptions;
  static const OptionTable<Options>& options();
  static void check(const Options&, const PlaceOf&, Faults&) {}

  explicit Lcm(const Options& options) : options_(options) {}
  /// At most as many steps as the distillation's schedule has, or as the share of it that `strength` leaves.
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  Options options_;
};

}  // namespace alice::schedulers
