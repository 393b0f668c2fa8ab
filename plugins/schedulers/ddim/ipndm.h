#pragma once
// Improved PNDM as v-diffusion has it (Liu et al. 2022, equation 12; crowsonkb's v-diffusion-pytorch): DDIM's transfer
// along the angle between picture and noise, with the noise estimate of Adams and Bashforth's method.

#include "core/api/late_start.h"
#include "core/math/sampler_options.h"

namespace alice::schedulers {

struct IpndmOptions {};

/// Whatever the model's betas, the levels are angles' and no training steps': sigma = sin^2(pi s / 2) with s from 1 to
/// 0, alpha^2 = 1 - sigma^2, and the network is told the angle, from 1 to 0.
class Ipndm final : public Scheduler {
 public:
  using Options = IpndmOptions;
  static const OptionTable<Options>& options();
  static void check(const Options&, const PlaceOf&, Faults&) {}

  explicit Ipndm(const Options&) {}
  Plan plan(int64_t steps, const NoiseModel& model) const override;
  /// At the first level, of pure noise, the reference makes a picture of zeros, whatever the network says.
  Tensor sample(const Denoise& denoise, Tensor x, const Plan& plan, const NoiseModel& model, NoiseSource& noise,
                const OnStep& on_step) const override;
  /// kPictureIsRough and kLateStartIsRough: the slopes of the first steps count in the last.
  const void* extension(const char* name) const override;
};

}  // namespace alice::schedulers
