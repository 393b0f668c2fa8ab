#pragma once
// Euler's method with ancestral sampling (k-diffusion's sample_euler_ancestral, eta = 1): each step goes lower than its
// level and adds fresh noise up to it.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct EulerAncestralOptions : SpacingOptions, RunSpacingOptions {};

class EulerAncestral final : public Scheduler {
 public:
  using Options = EulerAncestralOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit EulerAncestral(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  /// Draws noise in every step, also in the last, which has no use for it: as the reference, whose generator it keeps
  /// pace with.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  Options options_;
};

}  // namespace alice::schedulers
