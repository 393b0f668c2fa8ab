#pragma once
// One job from its order to its pictures.

#include <atomic>
#include <string>

#include "core/host/composer.h"
#include "server/worker/session/front_link.h"

namespace alice {

/// What jobs are done with; all of it outlives them.
struct Workbench {
  Composer& composer;
  FrontLink& front;
  const std::string programs;  ///< loaded_programs()
};

/// Makes the pictures of `order` and tells the front of stages, steps, previews and pictures, and at the end of
/// JobDone or JobFailed. `cancelled`, when it becomes true, ends the job before the network's next call. Goes on from
/// the job's record of steps, and removes it at the end. Previews are of the first picture of each batch. Throws
/// nothing. For the thread that computes.
void run_job(const StartJob& order, const Workbench& bench, const std::atomic<bool>& cancelled);

}  // namespace alice
