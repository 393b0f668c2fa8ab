#pragma once
// The supervisor: keeps a number of workers alive, kills those that hang or take too much memory, and replaces them by
// others when plugins have changed.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/front/bad_models.h"
#include "server/front/pooled_worker.h"
#include "server/front/preload_plan.h"

namespace alice {

/// Who hears of the workers. A worker is known by a number that no other of its pool has, before or after.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  /// Why a new worker that describes itself so is not to be taken, for people; "" to take it.
  virtual std::string objection_to(const Described& newcomer) const = 0;
  /// The first word of a worker is its Described. Late words about a job that the front has given up come too.
  virtual void worker_says(size_t worker, ToFront message) = 0;
  /// `run`: the job that it had. `is_death`: nobody wanted it. The pool starts another by itself.
  virtual void worker_ended(size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run, bool is_death) = 0;
};

class WorkerPool {
 public:
  /// `reason`: why the old workers stay; "" when all have been replaced.
  using OnReplaced = std::function<void(const std::string& reason)>;

  /// `listener` must outlive the pool. All of it belongs to the thread that runs `io`.
  WorkerPool(boost::asio::io_context& io, WorkerSettings settings, WorkerListener& listener);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void start();
  /// Kills every worker, tells of none, starts no other.
  void stop();
  /// Starts no worker in the place of one that dies, until release().
  void hold();
  void release();

  /// A worker that has described itself, has no job and preloads nothing.
  std::optional<size_t> idle() const;
  /// A worker that has described itself, an idle one if there is one.
  std::optional<size_t> any() const;
  /// Has it described itself, and is not about to leave?
  bool serves(size_t worker) const;
  /// How many have described themselves and live, and how many of these have a job. Those that leave are not counted.
  size_t ready() const;
  size_t busy() const;
  /// How many of the ready ones preload a model.
  size_t preloading() const;
  /// Why no worker could be started lately, for people; "" when the last start went well.
  const std::string& trouble() const { return trouble_; }

  /// The worker must be idle; it has the job until it says done or failed, or ends.
  void give(size_t worker, StartJob job);
  /// Without effect when the worker has not this job. `step_seconds`: until the end of its step, estimated: one that
  /// will not let go within the grace is not waited for.
  void cancel(size_t worker, const JobRun& run, std::optional<double> step_seconds);
  /// It is to describe itself anew. When it is not done in time it is killed.
  void describe(size_t worker);
  /// `count` workers, or all that preload when they are fewer, are to give it up; who was told so before counts. They
  /// go on with it when they are idle again.
  void stop_preloads(size_t count);

  /// Has a plugin library changed since a worker was started that would take jobs?
  bool plugins_changed() const;
  /// Replaces the workers, one after another: a fresh one starts beside them; when the listener takes it, an old one
  /// gets no job any more and leaves. When it is not taken, or dies, the old ones stay. Not while another call is on
  /// its way. After stop() `then` is never called.
  void replace(OnReplaced then);

 private:
  using Stage = PooledWorker::Stage;

  PooledWorker* find(size_t worker) const;
  /// Those that serve or will.
  size_t members() const;
  template <class Condition>
  size_t count_serving(Condition&& holds) const;
  std::string stamp() const;

  void fill();
  void start(Stage stage);
  void start_later();
  void watch_memory();
  void check_memory();

  void heard(size_t worker, ToFront message);
  bool take(size_t worker, const Described& described);
  std::string objection_to(const PooledWorker& newcomer, const Described& described) const;
  void preload_next(size_t worker);
  void ended(size_t worker, const WorkerEnd& how);
  void note_bad_model(const WorkerEnd& end);
  void note_start_that_failed(const WorkerEnd& end);

  void go_on_replacing();
  void retire_one();
  void end_replacing(const std::string& reason);

  boost::asio::io_context& io_;
  const WorkerSettings settings_;
  WorkerListener& listener_;
  std::map<size_t, std::unique_ptr<PooledWorker>> workers_;  // by number
  size_t last_number_ = 0;
  std::string plugins_;  // the stamp at the last start that was taken
  std::string trouble_;
  PreloadPlan preloads_;
  BadModels bad_models_;
  int false_starts_ = 0, objections_ = 0;  // in a row
  OnReplaced on_replaced_;                 // while workers are being replaced
  boost::asio::steady_timer pause_, memory_;
  bool is_held_ = true, is_pausing_ = false, is_stopped_ = false;
};

}  // namespace alice
