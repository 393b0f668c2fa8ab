#pragma once
// A model that is loaded and tried before its first job.

#include <atomic>

#include "server/worker/session/job_runner.h"

namespace alice {

/// Loads the model of `order` and warms it up in the size and with the settings of a request that says nothing. Tells
/// the front of each stage, and at the end of PreloadEnded. `stop`, when it becomes true, ends it before the next
/// stage; the composer keeps what was loaded. A failure is a warning in the log that says where and what. Throws
/// nothing. For the thread that computes.
void run_preload(const Preload& order, const Workbench& bench, const std::atomic<bool>& stop);

}  // namespace alice
