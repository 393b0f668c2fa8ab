#pragma once
// What retention would take out of the tables now, without doing it.

#include <SQLiteCpp/Database.h>

#include "server/jobs/job_store.h"
#include "server/jobs/sqlite/job_rows.h"

namespace alice {

/// JobLookup::preview_sweep() over any connection that has the tables. Throws what SQLite throws.
SweepPreview preview_sweep(SQLite::Database& database, const JobRows& rows, const Retention& retention, int64_t now_ms);

}  // namespace alice
