#include "server/jobs/sqlite/open_database.h"

#include "server/jobs/sqlite/schema.h"
#include "server/sqlite/sqlite_error.h"

namespace alice {
namespace {

/// Whoever else writes to the file (a person) is waited for.
constexpr int kBusyTimeoutMs = 2'000;

}  // namespace

SQLite::Database open_job_database(const std::string& file) {
  try {
    SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs);
    prepare_schema(database);
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    if (database.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal")
      throw Error(ErrorCode::bad_config, file,
                  "SQLite cannot keep a write-ahead log here: the folder must be on a local disk");
    // The log is made at the first look into the tables: DatabasePlace wants to see it.
    database.execAndGet("SELECT count(*) FROM (SELECT 1 FROM jobs LIMIT 1)");
    return database;
  } catch (const SQLite::Exception& e) {
    throw Error(ErrorCode::bad_config, file,
                std::string("the job database cannot be opened: ") + e.what() +
                    "; nothing was changed: repair it or move it away, or name another data directory");
  }
}

SQLite::Database open_to_read(const std::string& file) {
  return SQLite::Database(file, SQLite::OPEN_READONLY, kBusyTimeoutMs);
}

Error store_error(const std::string& file, const SQLite::Exception& fault) {
  return sqlite_error(file, "the job database", fault);
}

}  // namespace alice
