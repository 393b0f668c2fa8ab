#pragma once
// What watchers are told.

#include "server/front/job_service.h"
#include "server/front/running_job.h"
#include "server/link/message.h"

namespace alice {

JobEvent queued_event(const Job& job);
JobEvent missed_event();
JobEvent position_event(int64_t position);
/// Where a run is.
JobEvent step_event(const RunningJob& run);
JobEvent preview_event(const JobPreview& preview);
JobEvent held_event(ErrorCode trouble);
JobEvent ended_event(const Job& job);
JobEvent handed_back_event(const Job& job);

}  // namespace alice
