#pragma once
// A tool that waits for a job: it tells its progress meanwhile, and gives its pictures.

#include <memory>
#include <string>

#include "server/front/http/doors/mcp/mcp_message.h"
#include "server/front/http/front_context.h"

namespace alice {

/// Which job, and for how long its end is waited for.
struct JobCall {
  std::optional<JobRequest> request;  ///< a new one; absent: the one of that id
  std::string job;
  ParamOf param_of = pointer_to_param;  ///< the client's spelling, for errors
  double wait_seconds = 0;              ///< then the answer says that it goes on
};

/// Answers `message` when the job has ended, or when the client need not wait any longer: as events, with progress
/// where the client gave a token for it, when it takes these; else as JSON. A client of the stateless era that leaves
/// cancels the job that it brought, as that revision has it; of the other era the job goes on.
void call_with_job(FrontContext& context, std::shared_ptr<Exchange> exchange, McpMessage message, JobCall call);

}  // namespace alice
