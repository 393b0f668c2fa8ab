#include "server/accounts/sqlite/account_schema.h"

#include "server/sqlite/schema_version.h"

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

}  // namespace

void prepare_account_schema(SQLite::Database& database) {
  // Entries that were released are never changed.
  bring_to_newest(database, {kApplicationId, "keys", {kVersion1}});
}

}  // namespace alice
