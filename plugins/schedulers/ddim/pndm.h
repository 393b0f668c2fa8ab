#pragma once
// Pseudo numerical methods for diffusion models (Liu et al. 2022): DDIM's transfer with the noise estimate of a linear
// multistep method (PLMS), started either by one improved Euler step or by three Runge-Kutta steps (PRK).

#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct PndmOptions : SpacingOptions {
  PndmOptions() { timestep_spacing = TimestepSpacing::leading; }

  bool skip_prk_steps = false;
  bool set_alpha_to_one = false;
};

class Pndm final : public Scheduler {
 public:
  using Options = PndmOptions;
  static const OptionTable<Options>& options();
  static void check(const Options&, const PlaceOf&, Faults&) {}

  explicit Pndm(const Options& options) : options_(options) {}
  /// Throws Error(bad_request) also when the first level has no signal (zero terminal SNR), which the method divides
  /// by.
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  /// A plan cut by from() is warmed up anew at its first level. (The reference cuts its list of calls instead, which
  /// names one time twice, and runs such a plan one level off.)
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;

 private:
  Options options_;
};

}  // namespace alice::schedulers
