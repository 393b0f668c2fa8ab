#pragma once
// Work that runs plugins' code, told as the server tells it: who was at work, in which stage, when it went wrong.

#include <functional>

#include "server/worker/work_watch.h"

namespace alice {

/// Does `work`, which makes pictures of `request` and notes in the watch where it is. What ends the process meanwhile
/// is said (CrashReport); what a plugin throws becomes Error(internal) with its name and the stage. Errors of ours and
/// std::bad_alloc pass. One at a time.
void do_watched(const GenerateRequest& request, const std::function<void(WorkWatch&)>& work);

}  // namespace alice
