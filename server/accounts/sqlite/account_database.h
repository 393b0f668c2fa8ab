#pragma once
// The open database of accounts, and what its tables' files share.

#include <SQLiteCpp/Database.h>

#include <string>

#include "core/base/error.h"
#include "server/accounts/account.h"
#include "server/sqlite/statement.h"

namespace alice {

/// What it is called in sentences.
inline constexpr const char* kAccountDatabase = "the database of keys";

/// One thread at a time.
struct AccountDatabase {
  /// Makes the tables where there are none. Throws Error(bad_config).
  explicit AccountDatabase(const std::string& file);

  SQLite::Statement prepare(const std::string& sql) { return {database, sql}; }
  /// Error(internal) of a row.
  Error never_written(const std::string& what) const;

  const std::string file;
  SQLite::Database database;
};

std::string in_hex(const unsigned char* bytes, size_t count);
std::string hash_text(const SecretHash& hash);
/// False for what is no hash.
bool read_hash(const std::string& text, SecretHash& hash);

}  // namespace alice
