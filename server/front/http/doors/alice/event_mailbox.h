#pragma once
// Events between the desk, which never waits, and a client, who may be slow.

#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "server/front/job_service.h"

namespace alice {

/// Of each job, and of each kind, the newest event that has not been sent. put() is called on the service's thread, all
/// else on the loop's.
class EventMailbox {
 public:
  /// Whether the loop must be told: it is not yet, and has not been kept waiting by a slow client.
  bool put(const JobEvent& event);
  /// The next one: of each job in the order of the kinds, of the jobs that have waited longest first. When too many
  /// jobs had news that nobody took, `missed` in place of all of them. Nothing: the next one is told of. Its mark is
  /// left out unless there are no others: only then everything is taken that came before that mark.
  std::optional<JobEvent> take();

 private:
  std::optional<JobEvent> next();

  using Slots = std::array<std::optional<JobEvent>, static_cast<size_t>(JobEvent::Kind::missed) + 1>;

  std::mutex mutex_;
  std::map<std::string, Slots> slots_;  // by job
  std::deque<std::string> order_;       // of the jobs in it
  std::string newest_mark_;
  bool is_told_ = false;
};

}  // namespace alice
