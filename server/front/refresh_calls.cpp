#include "server/front/refresh_calls.h"

namespace alice {

void RefreshCalls::died(const Asked& worker) {
  const Error error(ErrorCode::busy, "", "the worker that was asked has ended; try again");
  end(worker, &error);
}

void RefreshCalls::give_up(const Error& error) {
  for (const Call& call : std::exchange(calls_, {})) call.then(error);
}

void RefreshCalls::end(const Asked& worker, const Error* error) {
  std::vector<Call> ended, waiting;
  for (Call& call : calls_) {
    const bool was_asked = call.asked.erase(worker) != 0;
    const bool is_over = was_asked && (error != nullptr || call.asked.empty());
    (is_over ? ended : waiting).push_back(std::move(call));
  }
  calls_ = std::move(waiting);
  for (const Call& call : ended) call.then(error != nullptr ? Outcome<Json>(*error) : Outcome<Json>(describe_()));
}

}  // namespace alice
