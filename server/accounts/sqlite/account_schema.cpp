#include "server/accounts/sqlite/account_schema.h"

#include <SQLiteCpp/Transaction.h>

#include <array>
#include <string>

#include "core/base/error.h"

namespace alice {
namespace {

/// "ALIA": marks a SQLite file as ours (PRAGMA application_id).
constexpr int64_t kApplicationId = 0x414c4941;

/// `hash` is of the secret, in hexadecimal digits: 32 bytes. `scopes` are words with blanks between.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_s INTEGER NOT NULL
) STRICT;
CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  user TEXT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('anonymous', 'user', 'admin')),
  scopes TEXT NOT NULL,
  hash TEXT NOT NULL,
  created_s INTEGER NOT NULL,
  expires_s INTEGER,
  last_used_s INTEGER,
  revoked_s INTEGER
) STRICT;
)sql";

/// Entry v takes a database of version v to version v + 1. Entries that were released are never changed.
constexpr std::array<const char*, 1> kSteps = {kVersion1};

int64_t pragma(SQLite::Database& database, const std::string& name) {
  return database.execAndGet("PRAGMA " + name).getInt64();
}

/// The version, once it is known to be ours and one that this program can read.
size_t version_of(SQLite::Database& database) {
  const int64_t version = pragma(database, "user_version"), application = pragma(database, "application_id");
  if (version == 0 && application == 0 &&
      database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt64() == 0)
    return 0;
  if (application != kApplicationId || version < 1)
    throw Error(ErrorCode::bad_config, database.getFilename(),
                "is a SQLite database, but not one of ALICE's keys; it was left as it is: move it away, or name "
                "another data directory");
  if (version > static_cast<int64_t>(kSteps.size()))
    throw Error(ErrorCode::bad_config, database.getFilename(),
                "was written by a newer ALICE (version " + std::to_string(version) + " of the tables; this one knows " +
                    std::to_string(kSteps.size()) + "); it was left as it is");
  return static_cast<size_t>(version);
}

}  // namespace

void prepare_account_schema(SQLite::Database& database) {
  const size_t version = version_of(database);
  if (version == kSteps.size()) return;
  SQLite::Transaction transaction(database);
  for (size_t step = version; step < kSteps.size(); ++step) database.exec(kSteps[step]);
  database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  database.exec("PRAGMA user_version = " + std::to_string(kSteps.size()));
  transaction.commit();
}

}  // namespace alice
