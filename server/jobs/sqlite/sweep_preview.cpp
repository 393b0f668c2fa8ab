#include "server/jobs/sqlite/sweep_preview.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "server/jobs/sqlite/expiry.h"
#include "server/sqlite/statement.h"

namespace alice {
namespace {

int64_t number(SQLite::Database& database, const std::string& sql) { return database.execAndGet(sql).getInt64(); }

StorageUse use_of(SQLite::Database& database) {
  StorageUse use;
  use.jobs = number(database, "SELECT count(*) FROM jobs WHERE " + kJobsThatCount);
  use.kept_jobs = number(database, "SELECT count(*) FROM jobs WHERE kept <> 0");
  use.pictures = number(database, "SELECT count(*) FROM pictures WHERE " + kPicturesThatCount);
  use.picture_bytes = number(database, "SELECT coalesce(sum(bytes), 0) FROM pictures WHERE " + kPicturesThatCount);
  use.database_bytes = bytes_used_of(database);
  return use;
}

/// How much room a job gives back is known once it is gone: an average is reckoned with.
std::vector<ExpiredJob> jobs_that_go(SQLite::Database& database, const JobRows& rows, const RetentionRule& rule,
                                     int64_t now_ms, const StorageUse& use) {
  if (rule.keeps_all() || use.jobs == 0) return {};
  RetentionTally tally(rule, now_ms, use.jobs, use.database_bytes);
  const int64_t average = use.database_bytes / use.jobs;
  std::vector<ExpiredJob> jobs;
  SQLite::Statement oldest(database, kOldestJobs);
  for (StatementUse job(oldest, int64_t{-1}); job.step();) {
    const auto reason = tally.verdict(job.integer(1));
    if (!reason) break;
    tally.removed(average);
    ExpiredJob gone = {job.text(0), {}, *reason};
    for (PictureFile& picture : rows.pictures_of(gone.id))
      if (!picture.removed_ms) gone.pictures.push_back(std::move(picture));
    jobs.push_back(std::move(gone));
  }
  return jobs;
}

/// Of the jobs that stay.
std::vector<ExpiredPicture> pictures_that_go(SQLite::Database& database, const RetentionRule& rule, int64_t now_ms,
                                             StorageUse use, const std::vector<ExpiredJob>& gone) {
  if (rule.keeps_all()) return {};
  std::set<std::string> gone_ids;
  for (const ExpiredJob& job : gone) {
    gone_ids.insert(job.id);
    for (const PictureFile& picture : job.pictures) --use.pictures, use.picture_bytes -= picture.bytes;
  }
  RetentionTally tally(rule, now_ms, use.pictures, use.picture_bytes);
  std::vector<ExpiredPicture> pictures;
  SQLite::Statement oldest(database, kOldestPictures);
  for (StatementUse row(oldest, int64_t{-1}); row.step();) {
    if (gone_ids.count(row.text(8)) > 0) continue;
    const auto reason = tally.verdict(row.integer(9));
    if (!reason) break;
    pictures.push_back({read_picture(row), *reason});
    tally.removed(pictures.back().picture.bytes);
  }
  return pictures;
}

}  // namespace

SweepPreview preview_sweep(SQLite::Database& database, const JobRows& rows, const Retention& retention,
                           int64_t now_ms) {
  SweepPreview preview;
  preview.use = use_of(database);
  preview.jobs = jobs_that_go(database, rows, retention.jobs, now_ms, preview.use);
  preview.pictures = pictures_that_go(database, retention.pictures, now_ms, preview.use, preview.jobs);
  return preview;
}

}  // namespace alice
