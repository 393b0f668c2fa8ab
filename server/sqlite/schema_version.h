#pragma once
// Which version of its tables a database has, and its way to the newest.

#include <SQLiteCpp/Database.h>

#include <string>
#include <vector>

namespace alice {

struct SchemaSteps {
  int64_t application_id = 0;      ///< marks a SQLite file as ours (PRAGMA application_id)
  std::string what;                ///< in sentences: "jobs"
  std::vector<const char*> steps;  ///< SQL: entry v takes version v to v + 1; an empty database has version 0
  const char* before_tables = "";  ///< what is only possible before the first table
};

/// Brings `database` to the newest version, in one transaction. Throws Error(bad_config), and leaves it as it is, when
/// it is another program's, or a newer ALICE's.
void bring_to_newest(SQLite::Database& database, const SchemaSteps& schema);

}  // namespace alice
