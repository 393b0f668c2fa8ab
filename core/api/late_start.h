#pragma once
// What a scheduler may say of its runs by Scheduler::extension(name): not null where it is so.

namespace alice {

/// A run that begins later than at pure noise (Plan::from) takes its first steps as its reference does, which does not
/// lead to exactly the picture that a network knows. `alice plugin check` then does not ask for that.
inline constexpr const char* kLateStartIsRough = "late_start_is_rough";

/// So is it of a run from pure noise: a picture that a network knows does not come out exactly, as of its reference.
inline constexpr const char* kPictureIsRough = "picture_is_rough";

/// A picture to begin with gets the noise of the training step that the network is told (NoiseModel::alphas_cumprod),
/// and not of the plan's level, which may lie a little beside it: as its reference (core/math/start_level.h).
inline constexpr const char* kStartsAtTime = "starts_at_time";

/// It chooses its own steps, and tells of the plan's as it passes their levels: several after one call, or one after
/// many.
inline constexpr const char* kStepsAreNominal = "steps_are_nominal";

}  // namespace alice
