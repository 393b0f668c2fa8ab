// Databases that earlier versions of ALICE wrote: everything in them stays.

#include <SQLiteCpp/Database.h>

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// As ALICE 0.1 made it: a job of each status, and the pictures of the one that succeeded.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  request TEXT NOT NULL, preview_every INTEGER NOT NULL, request_id TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, worker_deaths INTEGER NOT NULL DEFAULT 0,
  created_ms INTEGER NOT NULL, started_ms INTEGER, finished_ms INTEGER,
  error_code TEXT, error_place TEXT, error_sentence TEXT,
  warnings TEXT NOT NULL DEFAULT '[]', settings TEXT NOT NULL DEFAULT '{}', resumed_from INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_by_status ON jobs (status, id);
CREATE TABLE pictures (
  job TEXT NOT NULL REFERENCES jobs (id), position INTEGER NOT NULL, file TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, seed INTEGER NOT NULL,
  PRIMARY KEY (job, position)
) STRICT, WITHOUT ROWID;
INSERT INTO jobs (id, status, request, preview_every, request_id, attempts, worker_deaths, created_ms, started_ms,
                  finished_ms, error_code, error_place, error_sentence, warnings, settings, resumed_from) VALUES
  ('01', 'queued', '{"prompt": "a"}', 0, 'r1', 0, 0, 1, NULL, NULL, NULL, NULL, NULL, '[]', '{}', 0),
  ('02', 'running', '{"prompt": "b"}', 2, 'r2', 2, 1, 2, 3, NULL, NULL, NULL, NULL, '[]', '{}', 0),
  ('03', 'succeeded', '{"prompt": "c"}', 0, 'r3', 1, 0, 4, 5, 6, NULL, NULL, NULL, '["w"]', '{"steps": 7}', 4),
  ('04', 'failed', '{"prompt": "d"}', 0, 'r4', 3, 3, 7, 8, 9, 'internal', 'worker', 'it died', '[]', '{}', 0),
  ('05', 'cancelled', '{"prompt": "e"}', 0, 'r5', 0, 0, 10, NULL, 11, NULL, NULL, NULL, '[]', '{}', 0);
INSERT INTO pictures VALUES ('03', 0, '03-0.png', 'aa', 10, 64, 32, 5), ('03', 1, '03-1.png', 'bb', 11, 64, 32, 6);
PRAGMA application_id = 0x414c4943;
PRAGMA user_version = 1;
)sql";

}  // namespace

TEST_CASE("a database of version 1 keeps every job and picture, and takes what is new") {
  const TempFolder folder;
  const std::string file = (folder / "jobs.sqlite").string();
  SQLite::Database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec(kVersion1);
  for (int opened = 0; opened < 2; ++opened) {
    const auto store = open_sqlite_job_store(file);
    const std::vector<Job> jobs = store->list({10, ""});
    REQUIRE(jobs.size() == 5 + static_cast<size_t>(opened));
    const Job succeeded = store->find("03").value();
    CHECK(succeeded.status == JobStatus::succeeded);
    CHECK(succeeded.request.generate.prompt == "c");
    CHECK((succeeded.started_ms == 5 && succeeded.finished_ms == 6 && succeeded.resumed_from == 4));
    CHECK(succeeded.pictures.size() == 2);
    CHECK(store->find_picture("03-1.png").value().picture.seed == 6);
    const Job failed = store->find("04").value();
    CHECK((failed.attempts == 3 && failed.worker_deaths == 3 && failed.error.value().sentence == "it died"));
    CHECK(store->find("05").value().status == JobStatus::cancelled);
    if (opened == 0) {
      CHECK(store->cancel("02", 20));
      store->add(make_job());
    }
    CHECK(store->find("02").value().status == JobStatus::cancelling);
    CHECK(store->list({10, "", JobStatus::cancelling}).size() == 1);
  }
}
