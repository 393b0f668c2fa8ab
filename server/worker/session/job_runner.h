#pragma once
// One job from its order to its pictures.

#include <atomic>
#include <string>

#include "core/host/composer.h"
#include "core/host/forecaster.h"
#include "server/worker/session/front_link.h"

namespace alice {

/// What jobs are done with; all of it outlives them.
struct Workbench {
  Composer& composer;
  FrontLink& front;
  Forecaster& forecaster;
  const std::string programs;  ///< loaded_programs()
};

/// Estimates the job, refuses it when it is beyond the bounds of `order`, makes its pictures and tells the front of
/// stages, steps, previews and pictures, and at the end of JobDone or JobFailed. `cancelled`, when it becomes true,
/// ends the job before the network's next call. Goes on from the job's record of steps, and removes it at the end.
/// Previews are of the first picture of each batch. Throws nothing. For the thread that computes.
void run_job(const StartJob& order, const Workbench& bench, const std::atomic<bool>& cancelled);

}  // namespace alice
