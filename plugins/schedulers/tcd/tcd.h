#pragma once
// Strategic stochastic sampling of trajectory consistency models (Zheng et al. 2024, "Trajectory Consistency
// Distillation", Algorithm 4): the network jumps along its path to a lower level than the next, and fresh noise leads
// back up to that one. For networks that were distilled for it; 2 to 20 steps are usual.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct TcdOptions {
  std::optional<int64_t> original_inference_steps = 50;
  double strength = 1;
  double eta = 0.3;
};

class Tcd final : public Scheduler {
 public:
  using Options = TcdOptions;
  static const OptionTable<Options>& options();
  static void check(const Options&, const PlaceOf&, Faults&) {}

  explicit Tcd(const Options& options) : options_(options) {}
  /// At most as many steps as the distillation's schedule has, or as the share of it that `strength` leaves. The run
  /// ends at the first training step, whose noise is left in it, as in the reference.
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  Options options_;
};

}  // namespace alice::schedulers
