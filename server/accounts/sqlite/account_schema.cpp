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

/// `password` is what libsodium writes of one. Sessions and invites have hashes as keys have.
constexpr const char* kVersion2 = R"sql(
ALTER TABLE users ADD COLUMN password TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN level TEXT NOT NULL DEFAULT 'user' CHECK (level IN ('user', 'admin'));
ALTER TABLE users ADD COLUMN state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'waiting', 'disabled'));
CREATE INDEX keys_by_user ON keys (user);
CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  user TEXT NOT NULL REFERENCES users (id),
  hash TEXT NOT NULL,
  created_s INTEGER NOT NULL,
  seen_s INTEGER NOT NULL,
  address TEXT NOT NULL,
  agent TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE TABLE invites (
  id TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  uses_left INTEGER,
  used INTEGER NOT NULL DEFAULT 0,
  created_by TEXT NOT NULL,
  created_s INTEGER NOT NULL,
  expires_s INTEGER,
  revoked_s INTEGER
) STRICT;
CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time_s INTEGER NOT NULL,
  action TEXT NOT NULL,
  actor TEXT NOT NULL,
  target TEXT NOT NULL,
  address TEXT NOT NULL,
  result TEXT NOT NULL,
  request TEXT NOT NULL
) STRICT;
)sql";

}  // namespace

void prepare_account_schema(SQLite::Database& database) {
  // Entries that were released are never changed.
  bring_to_newest(database, {kApplicationId, "keys", {kVersion1, kVersion2}});
}

}  // namespace alice
