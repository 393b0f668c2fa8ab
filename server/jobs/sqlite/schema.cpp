#include "server/jobs/sqlite/schema.h"

#include "server/sqlite/schema_version.h"

namespace alice {
namespace {

/// "ALIC": marks a SQLite file as ours (PRAGMA application_id).
constexpr int kApplicationId = 0x414c4943;

/// Requests, warnings and settings are JSON. `code` of an error is to_string(ErrorCode).
constexpr const char* kVersion1 = R"sql(
CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  request TEXT NOT NULL,
  preview_every INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  worker_deaths INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER,
  error_code TEXT,
  error_place TEXT,
  error_sentence TEXT,
  warnings TEXT NOT NULL DEFAULT '[]',
  settings TEXT NOT NULL DEFAULT '{}',
  resumed_from INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_by_status ON jobs (status, id);
CREATE TABLE pictures (
  job TEXT NOT NULL REFERENCES jobs (id),
  position INTEGER NOT NULL,
  file TEXT NOT NULL UNIQUE,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  seed INTEGER NOT NULL,
  PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;
)sql";

/// The status 'cancelling'. A table's CHECK cannot be changed, so the table is made anew and takes the old one's place
/// and name (sqlite.org/lang_altertable.html, section 7); `pictures` goes on naming it.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE jobs_2 (
  id TEXT NOT NULL PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'cancelling', 'succeeded', 'failed', 'cancelled')),
  request TEXT NOT NULL,
  preview_every INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  worker_deaths INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL,
  started_ms INTEGER,
  finished_ms INTEGER,
  error_code TEXT,
  error_place TEXT,
  error_sentence TEXT,
  warnings TEXT NOT NULL DEFAULT '[]',
  settings TEXT NOT NULL DEFAULT '{}',
  resumed_from INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO jobs_2 SELECT * FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_2 RENAME TO jobs;
CREATE INDEX jobs_by_status ON jobs (status, id);
)sql";

/// Of pictures that retention has removed the row stays, and says when.
constexpr const char* kVersion3 = R"sql(
ALTER TABLE pictures ADD COLUMN removed_ms INTEGER;
CREATE INDEX pictures_that_are_there ON pictures (job, position, bytes) WHERE removed_ms IS NULL;
)sql";

/// JSON, or NULL: what the job was to take.
constexpr const char* kVersion4 = "ALTER TABLE jobs ADD COLUMN estimate TEXT;";

/// Whose a job is (a user's id; "": nobody's in particular), its turn (a virtual time), and what its client calls the
/// request, with a hash of what was asked, or NULL.
constexpr const char* kVersion5 = R"sql(
ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN turn REAL NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN request_key TEXT;
ALTER TABLE jobs ADD COLUMN fingerprint TEXT;
CREATE INDEX jobs_by_owner ON jobs (owner, id);
CREATE UNIQUE INDEX jobs_by_key ON jobs (owner, request_key) WHERE request_key IS NOT NULL;
)sql";

/// What a client says of how a job is dealt with. Pictures of the last day, by owner: a row counts from the moment that
/// its job is taken, and goes when the job comes to nothing; it outlives the job.
constexpr const char* kVersion6 = R"sql(
ALTER TABLE jobs ADD COLUMN label TEXT;
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN deadline_ms INTEGER;
ALTER TABLE jobs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_by_label ON jobs (label, id) WHERE label IS NOT NULL;
CREATE TABLE picture_usage (
  job TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  pictures INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX picture_usage_by_owner ON picture_usage (owner, at_ms);
CREATE TRIGGER unused_pictures AFTER UPDATE OF status ON jobs WHEN new.status IN ('failed', 'cancelled') BEGIN
  DELETE FROM picture_usage WHERE job = new.id;
END;
)sql";

}  // namespace

void prepare_schema(SQLite::Database& database) {
  // Entries that were released are never changed: a new version is a new entry.
  bring_to_newest(database, {kApplicationId,
                             "jobs",
                             {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5, kVersion6},
                             "PRAGMA auto_vacuum = INCREMENTAL"});
}

}  // namespace alice
