#pragma once
// Heun's method in sigma (Karras et al. 2022, Algorithm 1): a second-order step from two calls; the last step, to sigma
// 0, has one.

#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct HeunOptions : SpacingOptions, SigmaOptions, ClipOptions {};

class Heun final : public Scheduler {
 public:
  using Options = HeunOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit Heun(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  /// dx / dsigma at x.
  Tensor slope(const Denoise& denoise, const Tensor& x, const Level& level) const;

  Options options_;
};

}  // namespace alice::schedulers
