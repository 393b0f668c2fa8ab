#pragma once
// Workers that serve some models and no others, the jobs that wait for them, and the breaker between both.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/front/breaker.h"
#include "server/front/job_queue.h"
#include "server/front/job_service.h"
#include "server/front/worker_pool.h"

namespace alice {

class WorkerGroup;

/// Who hears of a group's workers: WorkerListener, with the group.
class GroupListener {
 public:
  virtual ~GroupListener() = default;
  virtual void worker_says(WorkerGroup& group, size_t worker, ToFront message) = 0;
  virtual void worker_ended(WorkerGroup& group, size_t worker, const WorkerEnd& end,
                            const std::optional<JobRun>& run) = 0;
  /// The group may begin jobs again.
  virtual void group_is_back(WorkerGroup& group) = 0;
};

/// All of it belongs to the thread that runs the io_context.
class WorkerGroup final : private WorkerListener {
 public:
  /// `listener` must outlive the group.
  WorkerGroup(boost::asio::io_context& io, WorkerGroupSettings settings, GroupListener& listener);

  const std::string& name() const { return settings_.name; }
  int64_t job_attempts() const { return settings_.job_attempts; }
  size_t size() const { return settings_.workers.workers; }
  int64_t memory_limit() const { return settings_.workers.memory_limit; }  ///< bytes of a worker; 0: none
  double most_seconds() const { return settings_.most_seconds; }           ///< of a job; 0: any
  /// Is `model` (an id, or what stands behind its slash) one of those that the configuration gives to this group?
  bool names(const std::string& model) const;
  /// For the log: "3", "sandbox/3".
  std::string log_name(size_t worker) const { return settings_.workers.log_name + std::to_string(worker); }

  void start() { pool_.start(); }
  void stop();

  WorkerPool& pool() { return pool_; }
  const WorkerPool& pool() const { return pool_; }
  JobQueue& queue() { return queue_; }
  const JobQueue& queue() const { return queue_; }

  /// What the last worker that was taken says of itself; {} before the first.
  const Json& description() const { return description_; }
  /// Throws Error(busy) at "/model" while the group rests.
  void check_takes_jobs() const;
  /// Who is to have the queue's first job; nobody when none waits, no worker is idle, the group rests, or is tried with
  /// another job.
  std::optional<size_t> worker_for_next() const;
  /// When jobs wait that no idle worker takes, as many workers that preload are to give it up.
  void call_for_workers();
  GroupState state() const;
  /// More than the group knows of the death that it has told of last.
  void explain_death(const std::string& sentence) { last_death_ = sentence; }

  /// When a plugin library has changed: replaces the workers by fresh ones (WorkerPool::replace()) and, when that
  /// succeeds, lets a group that rests go on. A fresh worker is not taken when a library that the last one had loaded
  /// is not loaded in it. Not while another call is on its way.
  void reload(std::function<void(GroupReload)> then);
  bool plugins_changed() const { return pool_.plugins_changed(); }
  std::string plugins_stamp() const;       ///< plugin_files_stamp() of its libraries
  bool plugins_look_half_written() const;  ///< look_half_written()

 private:
  bool may_begin() const;
  std::string objection_to(const Described& newcomer) const override;
  void worker_says(size_t worker, ToFront message) override;
  void worker_ended(size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run, bool is_death) override;
  void note_death(const WorkerEnd& end);
  void come_back();

  const WorkerGroupSettings settings_;
  GroupListener& listener_;
  WorkerPool pool_;
  Breaker breaker_;
  boost::asio::steady_timer rest_;
  JobQueue queue_;
  Json description_ = Json::object();
  int64_t deaths_ = 0, reloads_ = 0;
  std::string last_death_;  // the sentence
};

}  // namespace alice
