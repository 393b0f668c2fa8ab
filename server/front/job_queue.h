#pragma once
// Jobs that wait, in the order in which they will be begun.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "server/jobs/job.h"

namespace alice {

/// One thread at a time. Looking a job up takes time in proportion to the queue, which is short.
class JobQueue {
 public:
  bool empty() const { return jobs_.empty(); }
  int64_t size() const { return static_cast<int64_t>(jobs_.size()); }
  const std::deque<Job>& jobs() const { return jobs_; }

  void push_back(Job job) { jobs_.push_back(std::move(job)); }
  /// Of a job whose worker died: it has waited already.
  void push_front(Job job) { jobs_.push_front(std::move(job)); }
  /// The queue must not be empty.
  const Job& front() const { return jobs_.front(); }
  /// By position; must be there.
  const Job& at(int64_t position) const { return jobs_.at(static_cast<size_t>(position - 1)); }
  /// Takes a job out; it must wait.
  Job take(const std::string& id);
  /// 1 is next; nothing when the job does not wait.
  std::optional<int64_t> position(const std::string& id) const;

 private:
  std::deque<Job> jobs_;
};

}  // namespace alice
