#pragma once
// Where jobs outlive the process. Every change is on the disk when the call returns. Illegal changes of status (the end
// of a job that has ended, or of another attempt than the one that runs) return false and change nothing: so a late
// word never undoes an earlier one. Not thread-safe: one thread owns a store.
//
// All functions throw Error(internal) that names the store's file when the disk or the file fails.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/jobs/job.h"

namespace alice {

/// Letters of a prompt that a list shows.
inline constexpr int64_t kListedLetters = 200;

class JobStore {
 public:
  virtual ~JobStore() = default;

  /// A new job, queued. Its id must be new.
  virtual void add(const Job& job) = 0;
  /// queued -> running; attempts + 1; started_ms unless it has one. Returns the number of the attempt; nothing when the
  /// job is not queued.
  virtual std::optional<int64_t> begin(const std::string& id, int64_t now_ms) = 0;
  /// running -> queued. `worker_died`: worker_deaths + 1.
  virtual bool put_back(const std::string& id, int64_t attempt, bool worker_died) = 0;
  /// running -> succeeded, with its pictures, warnings, settings and resumed_from, in one transaction.
  virtual bool succeed(const Job& job, int64_t attempt) = 0;
  /// running -> failed. `worker_died`: worker_deaths + 1.
  virtual bool fail(const std::string& id, int64_t attempt, const JobError& error, int64_t now_ms,
                    bool worker_died) = 0;
  /// queued -> cancelled; running -> cancelling.
  virtual bool cancel(const std::string& id, int64_t now_ms) = 0;
  /// cancelling -> cancelled: its worker has let go of it.
  virtual bool let_go(const std::string& id, int64_t now_ms) = 0;

  virtual std::optional<Job> find(const std::string& id) const = 0;
  /// Newest first. `before`: only jobs older than that id ("" for all); `status`: only those. Prompts, in the request
  /// and in the settings, are cut to kListedLetters + 1 letters: a hundred of them can be 20 MB.
  virtual std::vector<Job> list(int64_t limit, const std::string& before, std::optional<JobStatus> status) const = 0;
  /// Queued, running and cancelling jobs, oldest first: what a restart takes up.
  virtual std::vector<Job> unfinished() const = 0;
  /// The picture of a succeeded job that bears this file name.
  virtual std::optional<PictureFile> find_picture(const std::string& file) const = 0;
};

/// A SQLite database: write-ahead log, full synchronous. Made when not there. Throws Error(bad_config) when it cannot
/// be opened, is no database, or is of a newer version than this program knows.
std::unique_ptr<JobStore> open_sqlite_job_store(const std::string& file);

/// Another look at a database which open_sqlite_job_store() has opened, for another thread: functions that write throw.
/// Throws Error(internal) when it cannot be read.
std::unique_ptr<JobStore> open_sqlite_job_reader(const std::string& file);

}  // namespace alice
