#pragma once
// One worker of a pool: its process, what it does at the moment, and how long it may be silent about that.

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "server/front/heartbeat.h"
#include "server/front/silence_limit.h"
#include "server/front/worker_settings.h"

namespace alice {

/// Belongs to the thread that runs the io_context. It knows nothing of the other workers.
class PooledWorker {
 public:
  enum class Stage {
    candidate,  ///< started beside the others; has not described itself
    starting,   ///< has not described itself
    serving,
    leaving  ///< gets no job any more
  };

  /// `settings` must outlive it. `plugins`: the libraries' stamp at its start.
  PooledWorker(boost::asio::io_context& io, const WorkerSettings& settings, Stage stage, std::string plugins)
      : stage(stage),
        plugins(std::move(plugins)),
        io_(io),
        settings_(settings),
        description_(io),
        limit_(io),
        grace_(io) {}

  /// Once, and before anything else is asked of it: it is to describe itself (Describe). Throws as
  /// WorkerProcess::start().
  void start(const Json& pass_over, WorkerProcess::OnMessage on_message, WorkerProcess::OnEnd on_end);

  pid_t pid() const { return process_->pid(); }
  bool serves() const { return stage == Stage::serving; }
  bool is_busy() const { return run_.has_value(); }
  bool is_preloading() const { return preloading_.has_value(); }
  bool has_described() const { return stage == Stage::serving || stage == Stage::leaving; }
  /// Has it had a job, or lived long enough after it had described itself? Else its end is a false start.
  bool has_served() const;
  const std::optional<JobRun>& run() const { return run_; }
  const std::optional<std::string>& preloading() const { return preloading_; }

  /// It has described itself and is wanted.
  void take();
  void give(StartJob job);
  /// Without effect when it has not this job. When it does not let go of it in time it is killed (kCancelledEnd); at
  /// once when the step that it is at will take longer than that.
  void cancel(const JobRun& run, double step_seconds);
  void describe(const Json& pass_over);
  void preload(const std::string& model);
  /// Without effect when it preloads nothing.
  void stop_preload();
  void kill(const std::string& reason, const std::string& sentence) { process_->kill(reason, sentence); }
  /// WorkerProcess::stop(); without effect when it was never started.
  void stop();

  /// Whatever it says goes by here first. True when it has ended its job by this word.
  bool heard(const ToFront& message);
  /// How it ended, with what it did then.
  WorkerEnd with_circumstances(WorkerEnd end) const;

  Stage stage;
  const std::string plugins;
  bool is_old = false;                 ///< to be replaced
  std::deque<std::string> to_preload;  ///< models

 private:
  void allow_description();
  void allow_look();
  void allow_step();
  void allow_preload();
  bool heard_of_job(const ToFront& message);
  void heard_of_preload(const ToFront& message);
  void heard_of_look(const LookingAt& look);

  boost::asio::io_context& io_;
  const WorkerSettings& settings_;
  std::shared_ptr<WorkerProcess> process_;
  std::string loading_;  // the library that it loads
  bool had_job_ = false;
  std::chrono::steady_clock::time_point taken_at_;
  std::optional<JobRun> run_;
  std::optional<std::string> preloading_;  // the model that it was told to preload
  bool is_to_stop_ = false;                // it was told to give that up
  LookingAt looking_at_;
  SilenceLimit description_;  // of what it says of itself
  SilenceLimit limit_;        // of its job, or preload
  SilenceLimit grace_;        // of a job that it is to let go of
  Heartbeat heartbeat_;
};

}  // namespace alice
