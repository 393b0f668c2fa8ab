#pragma once
// A POST that waits for its job.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/front/http/exchange.h"
#include "server/front/http/front_context.h"

namespace alice {

/// What becomes of a job when the client that waits for it leaves.
enum class OnDisconnect { cancel, finish };
/// Its words in requests.
const Choices<OnDisconnect>& on_disconnect_words();

struct WaitingPost {
  JobRequest request;
  std::optional<OnDisconnect> on_disconnect;  ///< absent: as configured
  ParamOf param_of;                           ///< the client's spelling, for errors
  std::function<void(const Job&)> accepted = {};  ///< once, when it is on the disk; null: nobody asks
  /// Makes the answer from the job, which has succeeded.
  std::function<void(const std::shared_ptr<Exchange>&, const Job&)> reply;
};

/// Queues the job and answers when it has ended: by `reply`, or with its error; 504 with the job's id after
/// request_timeout_s (the job goes on), 503 with the job's id when the server stops (the job goes on after its
/// restart) or its storage fails for some seconds (the job is cancelled, or goes on, as when the client leaves).
void wait_for_job(FrontContext& context, std::shared_ptr<Exchange> exchange, WaitingPost post);

}  // namespace alice
