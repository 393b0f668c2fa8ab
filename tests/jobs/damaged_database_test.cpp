// Files that are no database of ours: a clear error, and the file is as it was.

#include <SQLiteCpp/Database.h>

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// The error at opening `file`, which must stay as it is.
Error refusal_of(const std::filesystem::path& file) {
  const std::string before = bytes_of(file);
  const Error error = error_of([&] { open_sqlite_job_store(file.string()); });
  CHECK(error.code() == ErrorCode::bad_config);
  CHECK(error.place() == file.string());
  CHECK(bytes_of(file) == before);
  return error;
}

std::filesystem::path store_with_jobs(const TempFolder& folder, int count) {
  const auto file = folder / "jobs.sqlite";
  const auto store = open_sqlite_job_store(file.string());
  for (int i = 0; i < count; ++i) store->add(make_job());
  return file;
}

}  // namespace

TEST_CASE("a file that is no database is refused and left as it is") {
  const TempFolder folder;
  for (const std::string& bytes :
       {std::string("hello"), std::string(100'000, 'x'), std::string("SQLite format 3") + '\0',
        "SQLite format 3" + std::string(5000, '\0')}) {
    const auto file = folder.write("jobs.sqlite", bytes);
    CHECK(says(refusal_of(file).sentence(), "cannot be opened"));
  }
}

TEST_CASE("a database of another program is refused and left as it is") {
  const TempFolder folder;
  const auto file = folder / "jobs.sqlite";
  SQLite::Database(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE songs (name TEXT)");
  CHECK(says(refusal_of(file).sentence(), "not one of ALICE's jobs"));
}

TEST_CASE("a database of a newer version is refused and left as it is") {
  const TempFolder folder;
  const auto file = store_with_jobs(folder, 1);
  SQLite::Database(file.string(), SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 1000");
  CHECK(says(refusal_of(file).sentence(), "newer ALICE (version 1000"));
}

TEST_CASE("a folder that is not there, or a folder in the database's place, is an error that names it") {
  const TempFolder folder;
  for (const auto& file : {folder / "none" / "jobs.sqlite", folder.path()}) {
    const Error error = error_of([&] { open_sqlite_job_store(file.string()); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(error.place() == file.string());
  }
}

TEST_CASE("an empty file becomes a database") {
  const TempFolder folder;
  const auto store = open_sqlite_job_store(folder.write("jobs.sqlite", "").string());
  CHECK(store->unfinished().empty());
}

TEST_CASE("a database with torn pages gives errors, never a crash") {
  const TempFolder folder;
  const auto file = store_with_jobs(folder, 200);
  const std::string whole = bytes_of(file);
  REQUIRE(whole.size() > 20 * 4096);
  // Every page in turn is overwritten with rubbish; then the file is cut in the middle of every page.
  for (size_t page = 0; page < whole.size() / 4096; ++page)
    for (const bool cut : {false, true}) {
      std::string damaged = whole;
      if (cut)
        damaged.resize(page * 4096 + 2048);
      else
        damaged.replace(page * 4096, 4096, std::string(4096, '\x5a'));
      folder.write("jobs.sqlite", damaged);
      try {
        const auto store = open_sqlite_job_store(file.string());
        store->list({1000, ""});
        store->unfinished();
        store->add(make_job());
      } catch (const Error& e) {
        CHECK(e.place() == file.string());
      }
    }
}

TEST_CASE("rows that ALICE never wrote are an error that names the file") {
  const TempFolder folder;
  const std::string file = store_with_jobs(folder, 1).string();
  for (const char* change : {"request = 'no JSON'", "request = '{\"steps\": \"many\"}'", "request = '[]'",
                             "warnings = '[1]'", "settings = '{'"}) {
    INFO(change);
    const auto store = open_sqlite_job_store(file);
    const Job job = make_job();
    store->add(job);
    SQLite::Database(file, SQLite::OPEN_READWRITE)
        .exec(std::string("UPDATE jobs SET ") + change + " WHERE id = '" + job.id + "'");
    const Error error = error_of([&] { store->find(job.id); });
    CHECK(error.code() == ErrorCode::internal);
    CHECK(error.place() == file);
  }
}
