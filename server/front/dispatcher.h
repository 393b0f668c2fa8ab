#pragma once
// Gives waiting jobs to workers, and hears what the workers say of them.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/front/job_queue.h"
#include "server/front/running_jobs.h"
#include "server/front/worker_pool.h"

namespace alice {

/// All of it belongs to the thread that runs the io_context. What it is given by reference must outlive it. A job's
/// status is what the store says: every change is written first and told afterwards.
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
  std::optional<JobEvent> present(const std::string& id);
  /// JobService::refresh().
  void refresh(Then<Json> then);
  /// The store failed for somebody else: said in the log and in ServerState::not_ready.
  void store_failed(const Error& error);

  /// Begins no job any more. `on_done` is called once, when none runs: at the latest at the deadline, when those that
  /// run have been handed back.
  void drain(std::chrono::milliseconds deadline, std::function<void()> on_done);
  /// Hands back what runs, kills the workers, and waits for nothing any more.
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
  void lost(RunningJob& run, const WorkerEnd& end);
  void wait_again(Job job);
  void retry();
  void begin_drain();
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
  StoreHealth health_;
  Pace pace_;
  JobQueue queue_;
  RunningJobs running_;
  std::map<size_t, std::vector<Then<Json>>> refreshes_;  // by the worker that was asked

  bool draining_ = false;
  std::function<void()> on_drained_;
  boost::asio::steady_timer deadline_;
};

}  // namespace alice
