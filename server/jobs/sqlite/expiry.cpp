#include "server/jobs/sqlite/expiry.h"

#include <SQLiteCpp/Transaction.h>

#include <string>
#include <utility>

namespace alice {
namespace {

/// Pages that are given back to the file system after a portion.
constexpr const char* kGiveBack = "PRAGMA incremental_vacuum(2000)";

/// The two of the only row.
std::pair<int64_t, int64_t> numbers(SQLite::Statement& statement) {
  StatementUse use(statement);
  use.step();
  return {use.integer(0), use.integer(1)};
}

}  // namespace

int64_t bytes_used_of(SQLite::Database& database) {
  const auto pragma = [&](const char* name) {
    return database.execAndGet(std::string("PRAGMA ") + name).getInt64();
  };
  return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
}

Expiry::Expiry(SQLite::Database& database)
    : database_(database),
      count_jobs_(database, "SELECT count(*), 0 FROM jobs WHERE " + kJobsThatCount),
      oldest_jobs_(database, kOldestJobs),
      remove_pictures_of_(database, "DELETE FROM pictures WHERE job = ?1"),
      remove_job_(database, "DELETE FROM jobs WHERE id = ?1"),
      count_pictures_(database, "SELECT count(*), coalesce(sum(bytes), 0) FROM pictures WHERE " + kPicturesThatCount),
      oldest_pictures_(database, kOldestPictures),
      mark_picture_(database, "UPDATE pictures SET removed_ms = ?3 WHERE job = ?1 AND position = ?2") {}

std::vector<ExpiredJob> Expiry::jobs(const JobRows& rows, const RetentionRule& rule, int64_t now_ms, int64_t limit) {
  RetentionTally tally(rule, now_ms, numbers(count_jobs_).first, bytes_used_of(database_));
  std::vector<std::pair<std::string, int64_t>> oldest;
  for (StatementUse use(oldest_jobs_, limit); use.step();) oldest.emplace_back(use.text(0), use.integer(1));

  SQLite::Transaction transaction(database_);
  std::vector<ExpiredJob> expired;
  for (const auto& [id, finished_ms] : oldest) {
    const auto reason = tally.verdict(finished_ms);
    if (!reason.has_value()) break;
    ExpiredJob job = {id, {}, *reason};
    for (PictureFile& picture : rows.pictures_of(id))
      if (!picture.removed_ms.has_value()) job.pictures.push_back(std::move(picture));
    StatementUse(remove_pictures_of_, id).run();
    StatementUse(remove_job_, id).run();
    tally.removed(0);
    tally.set_bytes(bytes_used_of(database_));
    expired.push_back(std::move(job));
  }
  transaction.commit();
  if (!expired.empty()) database_.tryExec(kGiveBack);
  return expired;
}

std::vector<ExpiredPicture> Expiry::pictures(const RetentionRule& rule, int64_t now_ms, int64_t limit) {
  const auto [count, bytes] = numbers(count_pictures_);
  RetentionTally tally(rule, now_ms, count, bytes);
  SQLite::Transaction transaction(database_);
  std::vector<std::pair<std::string, ExpiredPicture>> expired;
  for (StatementUse use(oldest_pictures_, limit); use.step();) {
    const auto reason = tally.verdict(use.integer(9));
    if (!reason.has_value()) break;
    expired.emplace_back(use.text(8), ExpiredPicture{read_picture(use), *reason});
    tally.removed(expired.back().second.picture.bytes);
  }
  std::vector<ExpiredPicture> list;
  for (auto& [job, one] : expired) {
    StatementUse(mark_picture_, job, one.picture.index, now_ms).run();
    list.push_back(std::move(one));
  }
  transaction.commit();
  return list;
}

}  // namespace alice
