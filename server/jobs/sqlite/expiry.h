#pragma once
// What retention takes out of the tables.

#include <SQLiteCpp/Database.h>

#include <vector>

#include "server/jobs/retention.h"
#include "server/jobs/sqlite/job_rows.h"
#include "server/sqlite/statement.h"

namespace alice {

/// JobStore::expire_jobs() and expire_pictures() in SQL. Throws what SQLite throws.
class Expiry {
 public:
  explicit Expiry(SQLite::Database& database);

  std::vector<ExpiredJob> jobs(const JobRows& rows, const RetentionRule& rule, int64_t now_ms, int64_t limit);
  std::vector<ExpiredPicture> pictures(const RetentionRule& rule, int64_t now_ms, int64_t limit);

 private:
  int64_t bytes_used() const;

  SQLite::Database& database_;
  SQLite::Statement count_jobs_, oldest_jobs_, remove_pictures_of_, remove_job_;
  SQLite::Statement count_pictures_, oldest_pictures_, mark_picture_;
};

}  // namespace alice
