#pragma once
// The jobs that workers have, and the writing of what becomes of them.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/front/job_files.h"
#include "server/front/job_watchers.h"
#include "server/front/pace.h"
#include "server/front/running_job.h"
#include "server/front/state_board.h"
#include "server/front/storage_watch.h"
#include "server/jobs/job_store.h"

namespace alice {

/// One thread at a time. What it is given by reference must outlive it.
///
/// The end of a run is written first and told afterwards. When the store fails it stays here until retry() has written
/// it: nothing that was made is lost to a full disk.
class RunningJobs {
 public:
  struct Callbacks {
    std::function<void(Job)> put_back;  ///< the job is queued again
    std::function<void()> changed;      ///< a run has gone on, or is over; before anybody is told
  };

  RunningJobs(JobStore& store, const JobFiles& files, JobWatchers& watchers, StateBoard& board, StorageWatch& storage,
              Pace& pace, Callbacks callbacks);

  bool empty() const { return runs_.empty(); }
  std::set<std::string> ids() const;
  /// Calls `look` with each; one whose `ending` is set waits for the store to take its end.
  template <class Look>
  void for_each(Look&& look) const {
    for (const auto& entry : runs_) look(entry.second);
  }
  int64_t size() const { return static_cast<int64_t>(runs_.size()); }
  /// The job must be running or, when its end is next, whatever the store says. Valid until its end.
  RunningJob& add(Job job);
  RunningJob* find(const std::string& id);
  const RunningJob* find(const std::string& id) const;
  /// Nothing for a late word: about a job that has ended, or another attempt of it.
  RunningJob* find(const JobRun& run);

  // What a worker says of a run. A late word changes nothing.
  void note(const JobProgress& progress);
  void note(const JobEstimate& message);
  void note(const PluginsAtWork& at_work);
  void note(const JobPreview& preview);
  void note(const JobPicture& message);

  // What becomes of a run. None throws; after each the RunningJob may be gone.
  /// The worker says done: succeeded, or failed when a picture is missing.
  void succeed(RunningJob& run, const JobDone& done);
  void fail(RunningJob& run, const JobError& error, bool worker_died);
  /// Somebody has cancelled it, and says so to its worker. Written and told at once; its end comes when the worker lets
  /// go, whatever it says then. Throws what the store throws when it fails: the end is written once it works. `why`:
  /// what the job's error says; nothing when its owner wanted it.
  void cancel(RunningJob& run, const std::optional<JobError>& why);
  void put_back(RunningJob& run, bool worker_died);
  /// Its end is in the store already.
  void conclude_written(RunningJob& run);
  /// Puts back everything. What cannot be written now is found running by the next start; its watchers are told so.
  void hand_back();
  /// Writes what the store did not take.
  void retry();

  /// A worker lets go of a job that it should not have had any more: what it wrote meanwhile is removed.
  void tidy(const std::string& id);

 private:
  void settle(RunningJob& run, std::function<void()> ending);
  void write_ending(const std::string& id);
  std::vector<std::string> unwritten() const;
  Job as_written(Job job) const;
  void conclude(const Job& job);

  JobStore& store_;
  const JobFiles& files_;
  JobWatchers& watchers_;
  StateBoard& board_;
  StorageWatch& storage_;
  Pace& pace_;
  const Callbacks callbacks_;
  std::map<std::string, RunningJob> runs_;  // by id
};

}  // namespace alice
