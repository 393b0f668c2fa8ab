#pragma once
// How much noise a picture gets that a run begins with.

#include "core/api/scheduler.h"

namespace alice {

/// `level` of a plan of the scheduler's, or of one that says kStartsAtTime the training step's that is told at it, in
/// the same scaling: only of diffusion. Any thread.
Level start_level(const Scheduler& scheduler, const Level& level, const NoiseModel& model);

}  // namespace alice
