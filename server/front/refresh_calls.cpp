#include "server/front/refresh_calls.h"

namespace alice {
namespace {

constexpr size_t kMostWaiting = 100;

void tell(std::vector<Then<Json>> calls, const Outcome<Json>& outcome) {
  for (const Then<Json>& then : calls) then(outcome);
}

}  // namespace

void RefreshCalls::add(Then<Json> then) {
  if (waiting_.size() >= kMostWaiting)
    return then(Error(ErrorCode::busy, "", "too many wait for a refresh already; try again in a moment"));
  waiting_.push_back(std::move(then));
  if (asked_.empty()) begin_round();
}

void RefreshCalls::begin_round() {
  round_ = std::exchange(waiting_, {});
  asked_ = ask_();
  if (asked_.empty())
    tell(std::exchange(round_, {}), Error(ErrorCode::busy, "", "no worker is ready; try again in a moment"));
}

void RefreshCalls::died(const Asked& worker) {
  const Error error(ErrorCode::busy, "", "the worker that was asked has ended; try again");
  end(worker, &error);
}

void RefreshCalls::give_up(const Error& error) {
  asked_.clear();
  tell(std::exchange(round_, {}), error);
  tell(std::exchange(waiting_, {}), error);
}

/// A death ends the calls of its round at once; the round itself goes on until all others have answered.
void RefreshCalls::end(const Asked& worker, const Error* error) {
  if (asked_.erase(worker) == 0) return;
  if (error != nullptr) tell(std::exchange(round_, {}), *error);
  if (!asked_.empty()) return;
  tell(std::exchange(round_, {}), describe_());
  if (asked_.empty() && !waiting_.empty()) begin_round();
}

}  // namespace alice
