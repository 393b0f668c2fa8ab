#pragma once
// Events of jobs, as server-sent events.

#include <memory>
#include <string>

#include "server/front/http/front_context.h"

namespace alice {

/// Sends "position", "step", "preview" and at last "done" (or "handed_back"), and a comment when ten seconds passed
/// without any. Of each kind a slow reader gets the newest: at most one event of a kind waits for him. 404 when there
/// is no such job.
/// Last-Event-ID: an event that the client has is not sent again; 204 when it has the last one. 503 when too many
/// clients follow jobs already.
void stream_job_events(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& id);

/// The same of all jobs that the caller may see (JobService::watch_all), without an end; Last-Event-ID is a mark there.
void stream_all_events(FrontContext& context, const std::shared_ptr<Exchange>& exchange);

}  // namespace alice
