#pragma once
// Gives waiting jobs to workers, and hears what the workers say of them.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/front/canceller.h"
#include "server/front/job_admission.h"
#include "server/front/plugin_reloader.h"
#include "server/front/refresh_calls.h"
#include "server/front/running_jobs.h"
#include "server/front/storage_watch.h"
#include "server/front/sweeper.h"
#include "server/front/worker_groups.h"

namespace alice {

/// All of it belongs to the thread that runs the io_context. What it is given by reference must outlive it. A job's
/// status is what the store says: every change is written first and told afterwards.
class Dispatcher final : private GroupListener {
 public:
  struct Settings {
    std::vector<WorkerGroupSettings> groups;     ///< the default one first
    int64_t queue_size = 100;                    ///< of each group
    std::string default_model;                   ///< "": the only one there is
    std::chrono::milliseconds watch_plugins{0};  ///< how often libraries are looked at; 0: never
    int64_t max_record = 0;                      ///< bytes of a job's record; 0: nothing is recorded
    Retention retention;
  };

  Dispatcher(boost::asio::io_context& io, const Settings& settings, const StorageWatch::Parts& storage,
             JobWatchers& watchers, StateBoard& board);

  /// Starts the workers. `unfinished`: jobs of an earlier process, queued, in their order.
  void start(std::vector<Job> unfinished);

  bool draining() const { return draining_; }
  int64_t queued() const { return groups_.queued(); }
  /// Settles which model a new request means, as far as it is known, and whether it may wait for it. Throws as
  /// JobService::submit() says.
  void admit(GenerateRequest& request);
  /// A job that is in the store, and those that make room for it. It is begun later, never within this call.
  void enqueue(Job job, const std::vector<JobTurn>& moved);
  /// JobQueue::place() of the group that the job belongs to.
  JobQueue::Place place(const Job& job) const;
  /// How many jobs of this owner wait.
  int64_t waiting_of(const std::string& owner) const;
  void cancel(const std::string& id, const Viewer& viewer) { canceller_.cancel(id, viewer); }  ///< as Canceller's
  int64_t cancel_labelled(const std::string& label, const Viewer& viewer) {
    return canceller_.cancel_labelled(label, viewer);
  }
  /// What somebody who begins to watch a job is told first; nothing when it neither waits nor runs, or `viewer`
  /// may not see it.
  std::optional<JobEvent> present(const std::string& id, const Viewer& viewer);
  /// The same of all that wait and run.
  std::vector<std::pair<Job, JobEvent>> present_of_all(const Viewer& viewer);
  void refresh(Then<Json> then);                             ///< JobService::refresh()
  void reload_plugins(Then<std::vector<GroupReload>> then);  ///< JobService::reload_plugins()
  /// The store failed for somebody else: said in the log and in ServerState::not_ready.
  void store_failed(const Error& error);

  /// Begins no job any more. `on_done` is called once, when none runs: at the latest at the deadline, when those that
  /// run have been handed back.
  void drain(std::chrono::milliseconds deadline, std::function<void()> on_done);
  /// Hands back what runs, kills the workers, and waits for nothing any more.
  void stop();

 private:
  void worker_says(WorkerGroup& group, size_t worker, ToFront message) override;
  void worker_ended(WorkerGroup& group, size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run) override;
  void group_is_back(WorkerGroup& group) override;
  void on(WorkerGroup&, size_t, const LoadingPlugin&) {}  // the pool's, as the next two
  void on(WorkerGroup&, size_t, const LookingAt&) {}
  void on(WorkerGroup&, size_t, const Pong&) {}
  void on(WorkerGroup& group, size_t worker, const Described& described);
  void on(WorkerGroup&, size_t, const JobEstimate& estimate) { running_.note(estimate); }
  void on(WorkerGroup&, size_t, const JobProgress& progress) { running_.note(progress); }
  void on(WorkerGroup&, size_t, const PluginsAtWork& at_work) { running_.note(at_work); }
  void on(WorkerGroup&, size_t, const JobPreview& preview) { running_.note(preview); }
  void on(WorkerGroup&, size_t, const JobPicture& picture) { running_.note(picture); }
  void on(WorkerGroup& group, size_t worker, const JobDone& done);
  void on(WorkerGroup& group, size_t worker, const JobFailed& failed);
  void on(WorkerGroup& group, size_t worker, const Preloading& preloading);
  void on(WorkerGroup& group, size_t worker, const PreloadEnded& ended);
  void on(WorkerGroup& group, size_t worker, const LogLine& line);

  void dispatch();
  bool move_first(WorkerGroup& group);
  bool begin_next(WorkerGroup& group, size_t worker);
  void order(WorkerGroup& group, size_t worker, RunningJob& run);
  void lost(WorkerGroup& group, RunningJob& run, const WorkerEnd& end);
  void wait_again(Job job);
  void hold(RunningJob& run, const JobFailed& failed);
  void tell_held();
  void retry();
  std::set<RefreshCalls::Asked> ask_for_descriptions();
  void begin_drain();
  void hand_back();

  void tell_positions(const WorkerGroup& group, int64_t first = 1);
  void publish();
  std::vector<std::string> not_ready() const;

  boost::asio::io_context& io_;
  const Settings settings_;
  JobStore& store_;
  const JobFiles& files_;
  JobWatchers& watchers_;
  StateBoard& board_;

  WorkerGroups groups_;
  RefreshCalls refreshes_;
  PluginReloader reloader_;
  StorageWatch storage_;
  Sweeper sweeper_;
  Pace pace_;
  JobAdmission admission_;
  RunningJobs running_;
  Canceller canceller_;

  bool draining_ = false;
  std::function<void()> on_drained_;
  boost::asio::steady_timer deadline_;
};

}  // namespace alice
