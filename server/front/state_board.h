#pragma once
// The server's state, written by one thread and read by all.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "server/front/job_service.h"

namespace alice {

class StateBoard {
 public:
  /// `change` is called with the state, under the lock: it must be quick.
  template <class Change>
  void update(Change&& change) {
    const std::lock_guard lock(mutex_);
    write(change);
  }

  /// The state as it is now. Copied at the first call after a change, not at each change: steps come often, and the
  /// description is large.
  std::shared_ptr<const ServerState> snapshot() const {
    const std::lock_guard lock(mutex_);
    if (snapshot_ == nullptr) snapshot_ = std::make_shared<const ServerState>(state_);
    return snapshot_;
  }

  /// The database may have the job in this status from now on, and the state does not count it so yet.
  void announce(const std::string& id, JobStatus status) {
    const std::lock_guard lock(mutex_);
    announced_.emplace(id, status);
  }

  /// As update(), with a change after which the state counts every job that was announced.
  template <class Change>
  void tell(Change&& change) {
    const std::lock_guard lock(mutex_);
    write(change);
    announced_.clear();
    told_.notify_all();
  }

  /// For whoever has read jobs in the database and is about to tell them: waits until the state counts each so. Not for
  /// the thread that tells.
  void wait_until_told(const Job* jobs, size_t count) const {
    const auto is_told = [this](const Job& job) { return announced_.count({job.id, job.status}) == 0; };
    std::unique_lock lock(mutex_);
    told_.wait_for(lock, kLongestWait, [&] { return std::all_of(jobs, jobs + count, is_told); });
  }

 private:
  template <class Change>
  void write(Change& change) {
    change(state_);
    snapshot_.reset();
  }

  /// Of a desk that is held up by its disk: an answer that comes late is better than none.
  static constexpr std::chrono::seconds kLongestWait{2};

  mutable std::mutex mutex_;
  mutable std::condition_variable told_;
  ServerState state_;
  mutable std::shared_ptr<const ServerState> snapshot_;
  std::set<std::pair<std::string, JobStatus>> announced_;
};

}  // namespace alice
