#pragma once
// The tables of users and keys, and how a database comes to have them.

#include <SQLiteCpp/Database.h>

namespace alice {

/// Makes the tables in an empty database; brings an older version of them up to date. A database that is not ours is
/// not touched. Throws Error(bad_config) naming it when it is not ours or of a newer version, SQLite::Exception when it
/// cannot be read or written.
void prepare_account_schema(SQLite::Database& database);

}  // namespace alice
