#pragma once
// Gives waiting jobs to workers, and sees each to its end.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/front/job_files.h"
#include "server/front/job_queue.h"
#include "server/front/job_watchers.h"
#include "server/front/pace.h"
#include "server/front/running_job.h"
#include "server/front/state_board.h"
#include "server/front/worker_pool.h"
#include "server/jobs/job_store.h"

namespace alice {

/// All of it belongs to the thread that runs the io_context. What it is given by reference must outlive it.
///
/// A job's status is what the store says: every change is written first and told afterwards. When the store fails, the
/// end of a run is kept and written again every second until it is on the disk, and no other job is begun before.
class Dispatcher final : public WorkerListener {
 public:
  struct Settings {
    WorkerSettings workers;
    int64_t queue_size = 100;
    int64_t job_attempts = 3;   ///< a job that so many workers died of fails
    std::string default_model;  ///< "": the only one there is
  };

  Dispatcher(boost::asio::io_context& io, const Settings& settings, JobStore& store, const JobFiles& files,
             JobWatchers& watchers, StateBoard& board);

  /// Starts the workers. `unfinished`: jobs of an earlier process, queued, in their order.
  void start(std::vector<Job> unfinished);

  bool draining() const { return draining_; }
  int64_t queued() const { return queue_.size(); }
  int64_t retry_after_s() const;
  /// A job that is in the store. It is begun later, never within this call.
  void enqueue(Job job);
  /// Without effect when the job neither waits nor runs. Throws Error(internal) when the store fails; the worker may
  /// have been stopped then, and the job becomes cancelled once the store works.
  void cancel(const std::string& id);
  /// What somebody who begins to watch a job is told first; nothing when it neither waits nor runs.
  std::optional<JobEvent> present(const std::string& id) const;
  /// JobService::refresh().
  void refresh(Then<Json> then);
  /// The store failed for somebody else: said in the log and in ServerState::not_ready.
  void store_failed(const Error& error);

  /// Begins no job any more. When none runs, or at the deadline, when those that run have been handed back: `on_done`,
  /// once.
  void drain(std::chrono::milliseconds deadline, std::function<void()> on_done);
  /// Hands back what runs, kills the workers, cancels everything that waits for a time.
  void stop();

 private:
  void worker_says(size_t worker, ToFront message) override;
  void worker_ended(size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run) override;
  void on(size_t worker, const Described& described);
  void on(size_t worker, const JobProgress& progress);
  void on(size_t worker, const JobPreview& preview);
  void on(size_t worker, const JobPicture& picture);
  void on(size_t worker, const JobDone& done);
  void on(size_t worker, const JobFailed& failed);
  void on(size_t worker, const LogLine& line);

  void dispatch();
  bool begin_next(size_t worker);
  void order(size_t worker, RunningJob& run);
  RunningJob* running(const JobRun& run);
  void lost(RunningJob& run, const WorkerEnd& end);
  void succeed(RunningJob& run, const JobDone& done);
  void fail(RunningJob& run, const JobError& error, bool worker_died);
  void settle(RunningJob& run, std::function<void()> ending);
  void write_ending(const std::string& id);
  void wait_again(Job job);
  void conclude(const Job& job);
  void tidy(const std::string& id);

  void store_works();
  void retry_soon();
  void retry();
  void hand_back();
  void tell_positions(int64_t first = 1);
  void answer_refreshes(size_t worker, const Outcome<Json>& outcome);
  void publish();
  std::vector<std::string> not_ready() const;

  boost::asio::io_context& io_;
  const Settings settings_;
  JobStore& store_;
  const JobFiles& files_;
  JobWatchers& watchers_;
  StateBoard& board_;
  WorkerPool pool_;

  JobQueue queue_;
  std::map<std::string, RunningJob> running_;  // by id
  std::map<size_t, std::vector<Then<Json>>> refreshes_;
  Pace pace_;

  std::string store_trouble_;  // why the store failed lately; "" when it works
  std::chrono::steady_clock::time_point store_failed_at_;
  boost::asio::steady_timer retry_, deadline_;
  bool retries_ = false;  // the timer runs

  bool draining_ = false;
  std::function<void()> on_drained_;
};

}  // namespace alice
