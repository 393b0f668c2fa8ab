#pragma once
// Which workers a new request means, and whether it may wait for them.

#include <cstdint>
#include <string>

#include "server/front/pace.h"
#include "server/front/state_board.h"
#include "server/front/worker_groups.h"

namespace alice {

/// One thread at a time. What it is given by reference must outlive it.
class JobAdmission {
 public:
  /// `default_model`: "" is the only one there is. `queue_size`: the most jobs that wait, of each group.
  JobAdmission(const WorkerGroups& groups, const StateBoard& board, const Pace& pace, std::string default_model,
               int64_t queue_size)
      : groups_(groups),
        board_(board),
        pace_(pace),
        default_model_(std::move(default_model)),
        queue_size_(queue_size) {}

  /// Settles which model a new request means, as far as it is known. Throws as JobService::submit() says; not of a
  /// server that drains.
  void admit(GenerateRequest& request) const;
  /// `model` as it is requested: "" is the default one.
  WorkerGroup& group_of(const std::string& model) const;
  /// The id of the model that is meant by what is requested. Throws Error(not_found), Error(bad_request) at "/model".
  std::string model_meant(const std::string& requested) const;
  /// Of the group whose queue takes longest.
  int64_t retry_after_s() const;

 private:
  const WorkerGroups& groups_;
  const StateBoard& board_;
  const Pace& pace_;
  const std::string default_model_;
  const int64_t queue_size_;
};

}  // namespace alice
