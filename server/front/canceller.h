#pragma once
// Ends jobs before their time: because somebody asks for it, or because their deadline has passed.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "server/front/job_admission.h"
#include "server/front/running_jobs.h"
#include "server/front/storage_watch.h"
#include "server/front/worker_groups.h"
#include "server/jobs/viewer.h"

namespace alice {

/// Of the error of a job that its deadline has cancelled.
inline constexpr const char* kDeadlinePlace = "/deadline_seconds";

/// All of it belongs to the thread that runs the io_context. What it is given by reference must outlive it.
class Canceller {
 public:
  struct Callbacks {
    std::function<void(const WorkerGroup&, int64_t first)> moved_up;  ///< those that wait from this position on
    std::function<void()> cancelled;  ///< there may be a worker for the next job
  };

  Canceller(boost::asio::io_context& io, const WorkerGroups& groups, const JobAdmission& admission,
            RunningJobs& running, StorageWatch& storage, Callbacks callbacks);

  /// Without effect when the job neither waits nor runs, or `viewer` may not see it. A job that runs is `cancelling`
  /// until its worker has let go of it. Throws what the store throws when it fails; the job becomes cancelled once the
  /// store works.
  void cancel(const std::string& id, const Viewer& viewer);
  /// All that bear the label and that `viewer` may see; says how many. Throws as cancel().
  int64_t cancel_labelled(const std::string& label, const Viewer& viewer);

  /// A job that waits: it is cancelled at its deadline, if it has one and has not ended by then.
  void heed_deadline(const Job& job);
  void stop() { is_stopped_ = true, timer_.cancel(); }

 private:
  void cancel(const std::string& id, const std::optional<JobError>& why);
  void cancel_waiting(WorkerGroup& group, const std::string& id, const std::optional<JobError>& why);
  void cancel_running(RunningJob& run, const std::optional<JobError>& why);
  const Job* job_called(const std::string& id) const;
  void wait();
  void cancel_overdue();

  const WorkerGroups& groups_;
  const JobAdmission& admission_;
  RunningJobs& running_;
  StorageWatch& storage_;
  const Callbacks callbacks_;
  std::set<std::pair<int64_t, std::string>> deadlines_;  // when, and whose; of jobs that may have ended
  boost::asio::steady_timer timer_;
  bool is_stopped_ = false;  // a timer that has run out calls, although it was cancelled
};

}  // namespace alice
