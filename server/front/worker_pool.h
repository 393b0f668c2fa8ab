#pragma once
// The supervisor: keeps a number of workers alive, and kills those that hang.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/front/worker_process.h"
#include "server/front/worker_settings.h"

namespace alice {

/// Who hears of the workers. A worker is known by its place in the pool, which outlives the process that has it.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  /// Late words about a job that the front has given up come too.
  virtual void worker_says(size_t worker, ToFront message) = 0;
  /// `run`: the job that it had. Another process takes the place by itself.
  virtual void worker_ended(size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run) = 0;
};

class WorkerPool {
 public:
  /// `listener` must outlive the pool. All of it belongs to the thread that runs `io`.
  WorkerPool(boost::asio::io_context& io, WorkerSettings settings, WorkerListener& listener);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void start();
  /// Kills every worker, tells of none, starts no other.
  void stop();

  /// A worker that has described itself and has no job.
  std::optional<size_t> idle() const;
  /// A worker that has described itself, one without a job if there is one.
  std::optional<size_t> any() const;
  /// How many have described themselves and live.
  size_t ready() const;
  /// Why no worker could be started lately, for people; "" when the last start went well.
  const std::string& trouble() const { return trouble_; }

  /// The worker must be idle; it has the job until it says done or failed, or ends.
  void give(size_t worker, StartJob job);
  /// Without effect when the worker has not this job.
  void cancel(size_t worker, const JobRun& run);
  void describe(size_t worker);

 private:
  /// A place for one process after another.
  struct Place {
    explicit Place(boost::asio::io_context& io) : limit(io), pause(io) {}
    std::shared_ptr<WorkerProcess> process;  // none during a pause
    bool described = false, had_job = false;
    std::chrono::steady_clock::time_point described_at;
    std::optional<JobRun> run;
    boost::asio::steady_timer limit, pause;
    int false_starts = 0;  // in a row
  };

  void start(size_t worker);
  void start_after_pause(size_t worker);
  void allow(size_t worker, std::chrono::milliseconds time, const std::string& reason, const std::string& sentence);
  void heard(size_t worker, ToFront message);
  void heard_of_job(size_t worker, const ToFront& message);
  void allow_description(size_t worker);
  void allow_step(size_t worker);
  void ended(size_t worker, const WorkerEnd& end);

  boost::asio::io_context& io_;
  WorkerSettings settings_;
  WorkerListener& listener_;
  std::vector<std::unique_ptr<Place>> places_;
  std::string trouble_;
  bool stopped_ = false;
};

}  // namespace alice
