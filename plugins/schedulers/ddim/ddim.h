#pragma once
// Denoising diffusion implicit models (Song et al. 2021, equations 12 and 16).

#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct DdimOptions : SpacingOptions, ClipOptions, ThresholdingOptions {
  DdimOptions() { timestep_spacing = TimestepSpacing::leading, clip_sample = true; }

  bool set_alpha_to_one = true;
  double eta = 0;
  bool use_clipped_model_output = false;
};

class Ddim final : public Scheduler {
 public:
  using Options = DdimOptions;
  static const OptionTable<Options>& options();
  static void check(const Options&, const PlaceOf&, Faults&) {}

  explicit Ddim(const Options& options) : options_(options) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  Options options_;
};

}  // namespace alice::schedulers
