#pragma once
// A job store that says on the board which status a job is about to have.

#include <memory>
#include <string>
#include <utility>

#include "server/front/state_board.h"
#include "server/jobs/forwarding_job_store.h"

namespace alice {

/// What it writes is seen by readers of the database at once, and by readers of the board when the desk tells it:
/// between the two whoever has read the new status waits (StateBoard::wait_until_told()).
class AnnouncingStore final : public ForwardingJobStore {
 public:
  /// `board` must outlive it.
  AnnouncingStore(std::unique_ptr<JobStore> store, StateBoard& board)
      : ForwardingJobStore(std::move(store)), board_(board) {}

  using JobStore::add;
  using JobStore::cancel;
  void add(const Job& job, const JobIntake& intake) override {
    board_.announce(job.id, JobStatus::queued);
    ForwardingJobStore::add(job, intake);
  }
  std::optional<int64_t> begin(const std::string& id, int64_t now_ms) override {
    board_.announce(id, JobStatus::running);
    return ForwardingJobStore::begin(id, now_ms);
  }
  bool put_back(const std::string& id, int64_t attempt, bool worker_died) override {
    board_.announce(id, JobStatus::queued);
    return ForwardingJobStore::put_back(id, attempt, worker_died);
  }
  bool succeed(const Job& job, int64_t attempt) override {
    board_.announce(job.id, JobStatus::succeeded);
    return ForwardingJobStore::succeed(job, attempt);
  }
  bool fail(const std::string& id, int64_t attempt, const JobError& error, int64_t now_ms, bool worker_died) override {
    board_.announce(id, JobStatus::failed);
    return ForwardingJobStore::fail(id, attempt, error, now_ms, worker_died);
  }
  bool cancel(const std::string& id, int64_t now_ms, const std::optional<JobError>& why) override {
    board_.announce(id, JobStatus::cancelling);
    board_.announce(id, JobStatus::cancelled);
    return ForwardingJobStore::cancel(id, now_ms, why);
  }
  bool let_go(const std::string& id, int64_t now_ms) override {
    board_.announce(id, JobStatus::cancelled);
    return ForwardingJobStore::let_go(id, now_ms);
  }

 private:
  StateBoard& board_;
};

}  // namespace alice
