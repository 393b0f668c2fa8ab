#pragma once
// What retention takes out of the tables.

#include <SQLiteCpp/Database.h>

#include <string>
#include <vector>

#include "server/jobs/retention.h"
#include "server/jobs/sqlite/job_rows.h"
#include "server/sqlite/statement.h"

namespace alice {

// What counts; and of it what may go at all, which nobody wants kept.
inline const std::string kJobsThatCount = "+status IN ('succeeded', 'failed', 'cancelled')";  // +: in the order of ids
inline const std::string kPicturesThatCount = "removed_ms IS NULL";

/// The first ?1 of those that may go, oldest first: id, finished.
inline const std::string kOldestJobs = "SELECT id, coalesce(finished_ms, created_ms) FROM jobs WHERE " +
                                       kJobsThatCount + " AND kept = 0 ORDER BY id LIMIT ?1";
/// kPictureColumns, job, finished.
inline const std::string kOldestPictures =
    "SELECT " + kPictureColumns +
    ", job, (SELECT coalesce(finished_ms, created_ms) FROM jobs WHERE id = job) FROM pictures WHERE " +
    kPicturesThatCount +
    " AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = job AND kept <> 0) ORDER BY job, position LIMIT ?1";

/// Bytes of the database; what is free in it is used again.
int64_t bytes_used_of(SQLite::Database& database);

/// JobStore::expire_jobs() and expire_pictures() in SQL. Throws what SQLite throws.
class Expiry {
 public:
  explicit Expiry(SQLite::Database& database);

  std::vector<ExpiredJob> jobs(const JobRows& rows, const RetentionRule& rule, int64_t now_ms, int64_t limit);
  std::vector<ExpiredPicture> pictures(const RetentionRule& rule, int64_t now_ms, int64_t limit);

 private:
  SQLite::Database& database_;
  SQLite::Statement count_jobs_, oldest_jobs_, remove_pictures_of_, remove_job_;
  SQLite::Statement count_pictures_, oldest_pictures_, mark_picture_;
};

}  // namespace alice
