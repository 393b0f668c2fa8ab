#pragma once
// How many pictures each owner has asked for within a day.

#include <SQLiteCpp/Database.h>

#include <string>

#include "server/jobs/job.h"
#include "server/sqlite/statement.h"

namespace alice {

/// The quota is a reservation: a job's pictures count from the moment that it is taken, and no more once it has failed
/// or was cancelled, which a trigger sees to (schema.cpp). Within the caller's transaction. Throws what SQLite throws.
class Usage {
 public:
  explicit Usage(SQLite::Database& database);

  /// Error(busy) at kQuotaPlace when its owner would have more than `most` of the 24 hours before the job came.
  void reserve(const Job& job, int64_t most);
  void release(const std::string& job);

 private:
  SQLite::Statement count_, add_, remove_, remove_old_;
};

}  // namespace alice
