#pragma once
// The server's state, written by one thread and read by all.

#include <memory>
#include <mutex>

#include "server/front/job_service.h"

namespace alice {

class StateBoard {
 public:
  /// `change` is called with the state, under the lock: it must be quick.
  template <class Change>
  void update(Change&& change) {
    const std::lock_guard lock(mutex_);
    change(state_);
    snapshot_.reset();
  }

  /// The state as it is now. Copied at the first call after a change, not at each change: steps come often, and the
  /// description is large.
  std::shared_ptr<const ServerState> snapshot() const {
    const std::lock_guard lock(mutex_);
    if (snapshot_ == nullptr) snapshot_ = std::make_shared<const ServerState>(state_);
    return snapshot_;
  }

 private:
  mutable std::mutex mutex_;
  ServerState state_;
  mutable std::shared_ptr<const ServerState> snapshot_;
};

}  // namespace alice
