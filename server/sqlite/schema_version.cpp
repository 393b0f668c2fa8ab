#include "server/sqlite/schema_version.h"

#include <SQLiteCpp/Transaction.h>

#include "core/base/error.h"

namespace alice {
namespace {

int64_t pragma(SQLite::Database& database, const std::string& name) {
  return database.execAndGet("PRAGMA " + name).getInt64();
}

bool is_empty(SQLite::Database& database) {
  return pragma(database, "user_version") == 0 && pragma(database, "application_id") == 0 &&
         database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt64() == 0;
}

/// The version, once it is known to be ours and one that this program can read.
size_t version_of(SQLite::Database& database, const SchemaSteps& schema) {
  if (is_empty(database)) return 0;
  const int64_t version = pragma(database, "user_version");
  if (pragma(database, "application_id") != schema.application_id || version < 1)
    throw Error(ErrorCode::bad_config, database.getFilename(),
                "is a SQLite database, but not one of ALICE's " + schema.what +
                    "; it was left as it is: move it away, or name another data directory");
  if (version > static_cast<int64_t>(schema.steps.size()))
    throw Error(ErrorCode::bad_config, database.getFilename(),
                "was written by a newer ALICE (version " + std::to_string(version) + " of the tables; this one knows " +
                    std::to_string(schema.steps.size()) + "); it was left as it is");
  return static_cast<size_t>(version);
}

}  // namespace

void bring_to_newest(SQLite::Database& database, const SchemaSteps& schema) {
  const size_t version = version_of(database, schema);
  if (version == schema.steps.size()) return;
  if (version == 0 && *schema.before_tables != '\0') database.exec(schema.before_tables);
  SQLite::Transaction transaction(database);
  for (size_t step = version; step < schema.steps.size(); ++step) database.exec(schema.steps[step]);
  database.exec("PRAGMA application_id = " + std::to_string(schema.application_id));
  database.exec("PRAGMA user_version = " + std::to_string(schema.steps.size()));
  transaction.commit();
}

}  // namespace alice
