#pragma once
// Linear multistep in sigma (k-diffusion's sample_lms; Adams and Bashforth's method for steps of any length): the slope
// is followed along the polynomial through the last slopes, one call a step.

#include "core/api/late_start.h"
#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct LmsOptions : SpacingOptions, SigmaOptions {
  int64_t order = 4;
  bool jump_to_picture = false;
};

class Lms final : public Scheduler {
 public:
  using Options = LmsOptions;
  static const OptionTable<Options>& options();
  static void check(const Options& options, const PlaceOf& place, Faults& faults);

  explicit Lms(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;
  /// kLateStartIsRough: see sample(). kPictureIsRough where the last step is long and the slopes near each other: their
  /// float32 rounding grows a thousandfold.
  const void* extension(const char* name) const override;

 private:
  /// Of the whole run that `plan` may be the end of.
  std::vector<double> all_sigmas(const Plan& plan, const NoiseModel& model) const;

  Options options_;
};

}  // namespace alice::schedulers
