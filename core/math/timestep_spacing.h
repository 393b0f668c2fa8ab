#pragma once
// Which of the training's time steps a run of few steps visits.

#include <cstdint>
#include <vector>

#include "core/base/options.h"

namespace alice {

/// Lin et al. 2023, Table 2.
enum class TimestepSpacing {
  linspace,  ///< evenly from the first training step to the last
  leading,   ///< multiples of the whole-numbered ratio, plus an offset: does not reach the last training step
  trailing,  ///< counted down from the last training step
};
const Choices<TimestepSpacing>& timestep_spacing_names();

/// Whether the lowest time of linspace and leading is visited. Samplers of the multistep family spread one time more
/// than they visit, so that their last step ends lower than the lowest time.
enum class LowestTime { visited, left_out };

/// Throws Error(bad_request, "/steps") unless 1 <= steps <= train_steps.
void check_steps(int64_t steps, int64_t train_steps);

/// `steps` times, strictly falling, within [0, train_steps - 1]. linspace may be fractional; the others are whole
/// numbers. `offset` >= 0 is added to leading times, as far as there is room: the reference would leave the training
/// steps when asked for all of them. Throws as check_steps().
std::vector<double> spaced_timesteps(TimestepSpacing spacing, int64_t steps, int64_t train_steps, int64_t offset,
                                     LowestTime lowest);

/// What a latent consistency model's distillation visited and a run of `steps` steps visits of it (Luo et al. 2023): of
/// the times k n - 1, ..., 2k - 1, k - 1, with n = distilled_steps and k = train_steps / n, the quietest `strength` of
/// them, spread evenly. Throws Error(bad_config) where n is more than train_steps, Error(bad_request, "/steps") for more
/// steps than there are such times. n >= 1, 0 < strength <= 1.
std::vector<int64_t> distilled_timesteps(int64_t steps, int64_t train_steps, int64_t distilled_steps, double strength);

/// Each rounded to a whole number, halves to the even one.
std::vector<double> rounded(std::vector<double> times);

}  // namespace alice
