// A database whose file, log or folder is deleted or replaced while it is open.

#include <functional>

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

namespace fs = std::filesystem;

/// An open store that holds a succeeded, a running and a queued job.
struct Room {
  TempFolder folder;
  std::string file = (folder / "data/jobs.sqlite").string();
  std::unique_ptr<JobStore> store;
  Job succeeded = make_job(), running = make_job(), queued = make_job();

  Room() {
    fs::create_directory(folder / "data");
    open();
    for (const Job& job : {succeeded, running, queued}) store->add(job);
    REQUIRE(store->begin(succeeded.id, 1) == 1);
    REQUIRE(store->succeed(make_succeeded(succeeded), 1));
    REQUIRE(store->begin(running.id, 1) == 1);
  }

  void open() {
    store.reset();
    store = open_sqlite_job_store(file);
  }
};

/// Everything that somebody may do to the files. SQLite's own store would go on writing to the open ones.
const std::vector<std::pair<std::string, std::function<void(const Room&)>>> kLosses = {
    {"the file is deleted", [](const Room& room) { fs::remove(room.file); }},
    {"the log is deleted", [](const Room& room) { fs::remove(room.file + "-wal"); }},
    {"all of its files are deleted",
     [](const Room& room) {
       for (const char* end : {"", "-wal", "-shm"}) fs::remove(room.file + end);
     }},
    {"the file is moved away", [](const Room& room) { fs::rename(room.file, room.file + ".moved"); }},
    {"the folder is deleted", [](const Room& room) { fs::remove_all(room.folder / "data"); }},
    {"the folder is moved away", [](const Room& room) { fs::rename(room.folder / "data", room.folder / "moved"); }},
    {"the file is replaced by an empty one",
     [](const Room& room) {
       fs::remove(room.file);
       room.folder.write("data/jobs.sqlite", "");
     }},
    {"all is replaced by another database", [](const Room& room) {
       for (const char* end : {"", "-wal", "-shm"}) fs::remove(room.file + end);
       open_sqlite_job_store(room.file)->add(make_job());
     }}};

}  // namespace

TEST_CASE("nothing is promised on files that are not at their path any more") {
  for (const auto& [what, lose] : kLosses) {
    INFO(what);
    Room room;
    room.store->check();
    lose(room);
    CHECK(error_of([&] { room.store->check(); }).code() == ErrorCode::storage_failed);
    const Error error = error_of([&] { room.store->add(make_job()); });
    CHECK(error.code() == ErrorCode::storage_failed);
    CHECK(says(error.place(), room.file));
    CHECK(error_of([&] { room.store->begin(room.queued.id, 1); }).code() == ErrorCode::storage_failed);
    CHECK(error_of([&] { room.store->cancel(room.queued.id, 1); }).code() == ErrorCode::storage_failed);
    CHECK(room.store->find(room.succeeded.id)->pictures.size() == 2);  // what is open can be read
  }
}

TEST_CASE("a database that was deleted or replaced is written again with every job, and outlives a restart") {
  for (const auto& [what, lose] : kLosses) {
    INFO(what);
    Room room;
    lose(room);
    room.store->recover();
    room.store->check();
    const Job later = make_job();
    room.store->add(later);
    CHECK(room.store->begin(room.queued.id, 1) == 1);
    room.open();
    CHECK(room.store->list({100, ""}).size() == 4);
    CHECK(room.store->find(room.succeeded.id)->pictures.size() == 2);
    CHECK(room.store->find_picture(room.succeeded.id + "-1.png").has_value());
    CHECK(room.store->find(room.running.id)->status == JobStatus::running);
    CHECK(room.store->find(room.queued.id)->status == JobStatus::running);
    CHECK(room.store->find(later.id)->status == JobStatus::queued);
  }
}

TEST_CASE("what stood in the database's place is kept aside") {
  Room room;
  kLosses.back().second(room);
  room.store->recover();
  size_t aside = 0;
  for (const auto& entry : fs::directory_iterator(room.folder / "data"))
    aside += says(entry.path().filename().string(), "jobs.sqlite.replaced-");
  CHECK(aside == 1);
}

TEST_CASE("a process that ended before its copy had the database's name has lost nothing") {
  Room room;
  const std::string copy = (room.folder / "copy").string();
  room.store.reset();
  fs::rename(room.file, room.file + ".restored");
  room.open();
  CHECK(room.store->list({100, ""}).size() == 3);
  CHECK_FALSE(fs::exists(room.file + ".restored"));
}

TEST_CASE("a database whose disk is gone is not made on another") {
  const TempFolder folder;
  const fs::path other = "/dev/shm";
  std::error_code fault;
  if (!fs::is_directory(other, fault) || fs::equivalent(other, fs::temp_directory_path(), fault)) return;
  const TempFolder data;
  fs::create_directory_symlink(data.path(), folder / "data");
  const auto store = open_sqlite_job_store((folder / "data/jobs.sqlite").string());
  store->add(make_job());
  fs::remove(folder / "data");
  fs::create_directory_symlink(other, folder / "data");
  const Error error = error_of([&] { store->recover(); });
  CHECK(error.code() == ErrorCode::storage_failed);
  CHECK(says(error.sentence(), "another disk"));
  CHECK_FALSE(fs::exists(other / "jobs.sqlite"));
  fs::remove(folder / "data");
  fs::create_directory_symlink(data.path(), folder / "data");  // it is mounted again
  store->recover();
  store->add(make_job());
  CHECK(store->list({10, ""}).size() == 2);
}

TEST_CASE("recovering a store that works changes nothing") {
  Room room;
  room.store->recover();
  CHECK(room.store->list({100, ""}).size() == 3);
  CHECK(room.store->succeed(make_succeeded(room.running), 1));
}
