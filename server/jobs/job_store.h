#pragma once
// Where jobs outlive the process. Every change is on the disk, at the store's path, when the call returns. Illegal
// changes of status (the end of a job that has ended, or of another attempt than the one that runs) return false and
// change nothing: so a late word never undoes an earlier one. Not thread-safe: one thread owns a store.
//
// When the disk or the store's file fails, is full, deleted or replaced, functions throw Error(storage_full) or
// Error(storage_failed) that names the file, and have changed nothing; Error(internal) when the file holds what ALICE
// never wrote, or a change is impossible.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/jobs/job.h"
#include "server/jobs/retention.h"

namespace alice {

/// Its file's name in a data folder.
inline constexpr const char* kJobDatabase = "jobs.sqlite";
/// Letters of a prompt that a list shows.
inline constexpr int64_t kListedLetters = 200;

/// A job that waits, and its new turn.
struct JobTurn {
  std::string id;
  double turn = 0;
};

/// What belongs to the coming of a job, and is done with it or not at all.
struct JobIntake {
  std::vector<JobTurn> moved = {};  ///< queued jobs that make room for it
  int64_t daily_pictures = 0;       ///< OwnerLimits
};

/// Of the error of a job whose owner has used up the pictures of a day.
inline constexpr const char* kQuotaPlace = "/quota";

struct JobQuery {
  int64_t limit = 0;
  std::string before = {};                   ///< only jobs older than that id; "" for all
  std::optional<JobStatus> status = {};      ///< only those
  std::optional<std::string> owner = {};     ///< only that user's; "" is one
  std::string label = {};                    ///< only those that bear it; "" for all
};

/// A picture, and whose it is.
struct OwnedPicture {
  PictureFile picture;
  std::string owner;
};

/// What a store has, and how much room it takes.
struct StorageUse {
  int64_t jobs = 0, kept_jobs = 0;           ///< that have ended; and of all jobs those that their owners keep
  int64_t pictures = 0, picture_bytes = 0;   ///< whose files are there
  int64_t database_bytes = 0;
};

/// What would go now.
struct SweepPreview {
  StorageUse use;
  std::vector<ExpiredJob> jobs;
  std::vector<ExpiredPicture> pictures;  ///< of jobs that stay
};

/// What can be read of a store.
class JobLookup {
 public:
  virtual ~JobLookup() = default;

  virtual std::optional<Job> find(const std::string& id) const = 0;
  /// Newest first. Prompts, in the request and in the settings, are cut to kListedLetters + 1 letters: a hundred of
  /// them can be 20 MB.
  virtual std::vector<Job> list(const JobQuery& query) const = 0;
  /// The job of that owner whose request bears that key; `key` must not be "".
  virtual std::optional<Job> find_by_key(const std::string& owner, const std::string& key) const = 0;
  /// The greatest id; "" when there is no job.
  virtual std::string newest_id() const = 0;
  /// Queued, running and cancelling jobs, by their turns, then the oldest first: what a restart takes up.
  virtual std::vector<Job> unfinished() const = 0;
  /// The picture of a succeeded job that bears this file name; also when retention has removed its file.
  virtual std::optional<OwnedPicture> find_picture(const std::string& file) const = 0;
  /// What the next sweep by these rules would take out. Of jobs that take too much room it is about as many.
  virtual SweepPreview preview_sweep(const Retention& retention, int64_t now_ms) const = 0;
};

class JobStore : public JobLookup {
 public:
  /// A new job, queued. Its id must be new, and its key among its owner's. Its pictures count from now on; those of a
  /// job that failed or was cancelled do not. Error(busy) at kQuotaPlace: with them they would be more than its owner's.
  virtual void add(const Job& job, const JobIntake& intake) = 0;
  void add(const Job& job) { add(job, JobIntake()); }
  /// queued -> running; attempts + 1; started_ms unless it has one. Returns the number of the attempt; nothing when the
  /// job is not queued.
  virtual std::optional<int64_t> begin(const std::string& id, int64_t now_ms) = 0;
  /// running -> queued. `worker_died`: worker_deaths + 1.
  virtual bool put_back(const std::string& id, int64_t attempt, bool worker_died) = 0;
  /// Of a job that is running: what it is to take.
  virtual bool note_estimate(const std::string& id, int64_t attempt, const Estimate& estimate) = 0;
  /// running -> succeeded, with its pictures, warnings, settings and resumed_from, in one transaction.
  virtual bool succeed(const Job& job, int64_t attempt) = 0;
  /// running -> failed. `worker_died`: worker_deaths + 1.
  virtual bool fail(const std::string& id, int64_t attempt, const JobError& error, int64_t now_ms,
                    bool worker_died) = 0;
  /// queued -> cancelled; running -> cancelling. `why`: the job's error; nothing when its owner wanted it.
  virtual bool cancel(const std::string& id, int64_t now_ms, const std::optional<JobError>& why) = 0;
  bool cancel(const std::string& id, int64_t now_ms) { return cancel(id, now_ms, std::nullopt); }
  /// Whether retention passes over it. False for an unknown id.
  virtual bool keep(const std::string& id, bool is_kept) = 0;
  /// cancelling -> cancelled: its worker has let go of it.
  virtual bool let_go(const std::string& id, int64_t now_ms) = 0;

  /// Takes the oldest jobs that have ended out, at most `limit`, until the rule holds.
  virtual std::vector<ExpiredJob> expire_jobs(const RetentionRule& rule, int64_t now_ms, int64_t limit) = 0;
  /// Marks the oldest pictures as removed, at most `limit`, until the rule holds. Their files are the caller's to
  /// remove.
  virtual std::vector<ExpiredPicture> expire_pictures(const RetentionRule& rule, int64_t now_ms, int64_t limit) = 0;

  /// Throws when the store's file is not at its path any more, or not the one that is open: what is written would be
  /// lost. Cheap.
  virtual void check() const = 0;
  /// Does what can be done for a store that failed: a file that was deleted or replaced is written again from the one
  /// that is open, and what stood in its place is moved aside; room that the store does not need is given back. Then
  /// writes something. Throws while the store still fails. Without effect on one that works.
  virtual void recover() = 0;
};

/// A SQLite database: write-ahead log, full synchronous. Made when not there. Throws Error(bad_config) when it cannot
/// be opened, is no database, or is of a newer version than this program knows.
std::unique_ptr<JobStore> open_sqlite_job_store(const std::string& file);

/// Another look at a database which open_sqlite_job_store() has opened, for another thread. Throws
/// Error(storage_failed) when it cannot be read.
std::unique_ptr<JobLookup> open_sqlite_job_reader(const std::string& file);

}  // namespace alice
