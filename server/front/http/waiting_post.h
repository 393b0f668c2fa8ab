#pragma once
// A POST that waits for its job.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/front/http/exchange.h"
#include "server/front/http/front_context.h"
#include "server/front/http/reply_parts.h"

namespace alice {

/// What becomes of a job when the client that waits for it leaves.
enum class OnDisconnect { cancel, finish };
/// Its words in requests.
const Choices<OnDisconnect>& on_disconnect_words();

/// An answer that is a stream of events: previews while the job runs, then its pictures.
struct StreamedReply {
  std::function<std::string(const JobEvent& preview)> preview;  ///< its event, or "" to leave it out
  /// The events of the job, which has succeeded.
  std::function<std::vector<ReplyPart>(const Job&)> done;
};

struct WaitingPost {
  JobRequest request;
  std::optional<OnDisconnect> on_disconnect;  ///< absent: as configured
  ParamOf param_of;                           ///< the client's spelling, for errors
  std::function<void(const Job&)> accepted = {};  ///< once, when it is on the disk; null: nobody asks
  /// Makes the answer from the job, which has succeeded.
  std::function<void(const std::shared_ptr<Exchange>&, const Job&)> reply;
  std::optional<StreamedReply> stream;  ///< in place of `reply`
};

/// Queues the job and answers when it has ended: by `reply`, or with its error; 504 with the job's id after
/// request_timeout_s (the job goes on), 503 with the job's id when the server stops (the job goes on after its
/// restart) or its storage fails for some seconds (the job is cancelled, or goes on, as when the client leaves).
/// A stream begins when the job is accepted; what is an error afterwards is its last event, "error". A slow client gets
/// the newest preview.
void wait_for_job(FrontContext& context, std::shared_ptr<Exchange> exchange, WaitingPost post);

}  // namespace alice
