// Folders, files and a store that fail while the desk works: what was accepted is held, and goes on by itself.

#include <sys/stat.h>

#include <atomic>

#include "core/base/storage.h"
#include "server/front/folder_lock.h"
#include "server/jobs/forwarding_job_store.h"
#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

namespace fs = std::filesystem;

bool has_trouble(DeskRoom& room, const std::string& words) {
  const auto state = room.desk().state();
  for (const std::string& reason : state->not_ready)
    if (says(reason, words)) return true;
  return false;
}

/// A store whose disk fails when the test says so: writing throws, reading does not.
class FailingStore final : public ForwardingJobStore {
 public:
  FailingStore(std::unique_ptr<JobStore> store, const std::atomic<int>& failure)
      : ForwardingJobStore(std::move(store)), failure_(failure) {}

 protected:
  JobStore& to_write() override {
    if (const int number = failure_) throw storage_error("jobs", "the job database failed", number);
    return ForwardingJobStore::to_write();
  }

 private:
  const std::atomic<int>& failure_;  // errno; 0: none
};

/// A desk with such a store.
struct FailingRoom : DeskRoom {
  std::atomic<int> failure{0};

  FailingRoom() {
    settings.open_store = [this](const std::string& file) {
      return std::make_unique<FailingStore>(open_sqlite_job_store(file), failure);
    };
  }
  ~FailingRoom() { close(); }
};

}  // namespace

TEST_CASE("each way in which a disk fails is named, refuses new jobs, and is over by itself") {
  for (const auto& [number, code] : {std::pair(ENOSPC, ErrorCode::storage_full),
                                     {EDQUOT, ErrorCode::storage_full},
                                     {EIO, ErrorCode::storage_failed},
                                     {EROFS, ErrorCode::storage_failed}}) {
    INFO(std::generic_category().message(number));
    FailingRoom room;
    room.run({{"steps", 1}});
    room.failure = number;
    CHECK(error_of([&] { room.submit({{"steps", 1}}); }).code() == code);
    CHECK(error_of([&] { room.submit({{"steps", 1}}); }).code() == code);
    CHECK(has_trouble(room, std::generic_category().message(number)));
    room.failure = 0;
    room.wait_ready();
    CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  }
}

TEST_CASE("whoever waits for a job of a disk that stays full is told, and the job goes on afterwards") {
  FailingRoom room;
  const Job running = room.submit({{"steps", 200}, {"step_ms", 5}});  // long enough for a machine that is busy
  const Job waiting = room.submit({{"steps", 1}});
  wait_until([&] { return room.desk().state()->running == 1; });
  room.failure = ENOSPC;
  Diary first, second;
  const auto watching = room.watch(running.id, first.writer());
  const auto watching_too = room.watch(waiting.id, second.writer());
  const auto is_held = [](const JobEvent& event) { return event.kind == JobEvent::Kind::held; };
  CHECK(first.wait(is_held).trouble == ErrorCode::storage_full);
  CHECK(second.wait(is_held).trouble == ErrorCode::storage_full);
  room.failure = 0;
  CHECK(first.wait_end().status == JobStatus::succeeded);
  CHECK(first.wait_end().attempts == 1);  // it had been computed: only its end was written late
  CHECK(second.wait_end().status == JobStatus::succeeded);
}

TEST_CASE("a job that waits is cancelled although the disk is full, and never begun") {
  FailingRoom room;
  const Job running = room.submit({{"steps", 1'000'000}, {"step_ms", 2}});
  const Job waiting = room.submit({{"steps", 1}});
  wait_until([&] { return room.desk().state()->running == 1; });
  room.failure = ENOSPC;
  CHECK(error_of([&] { room.cancel(waiting.id); }).code() == ErrorCode::storage_full);
  room.failure = 0;
  const Job end = room.wait_end(waiting.id);
  CHECK(end.status == JobStatus::cancelled);
  CHECK(end.attempts == 0);
  room.cancel(running.id);
  CHECK(room.wait_end(running.id).status == JobStatus::cancelled);
}

TEST_CASE("a worker that finds no room for its pictures does not fail the job: it is held, and goes on") {
  DeskRoom room;
  const Job end = room.run({{"steps", 5}, {"at", 3}, {"do", "disk_full"}, {"attempts", 1}});
  CHECK(end.status == JobStatus::succeeded);
  CHECK(end.attempts == 2);
  CHECK(end.worker_deaths == 0);
  CHECK(end.resumed_from == 2);  // from its record, which stays
}

TEST_CASE("a want of room that comes back each time is tried again after longer and longer pauses") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 5}, {"at", 3}, {"do", "disk_full"}});
  wait_until([&] { return has_trouble(room, "no room for pictures"); });
  wait_until([&] { return room.find(job.id).attempts >= 2; });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  CHECK(room.find(job.id).attempts == 2);  // 2 s, not 0
  room.cancel(job.id);
  CHECK(room.wait_end(job.id).status == JobStatus::cancelled);
}

TEST_CASE("a database that is deleted while a job runs is no trouble: its end is written into a new one") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 100}, {"step_ms", 5}});
  wait_until([&] { return room.desk().state()->running == 1; });
  for (const char* file : {"jobs.sqlite", "jobs.sqlite-wal", "jobs.sqlite-shm"})
    fs::remove(room.settings.data_directory / file);
  bool was_in_trouble = false;
  wait_until([&] {
    was_in_trouble = was_in_trouble || has_trouble(room, "deleted");
    return room.desk().state()->succeeded == 1;
  });
  CHECK_FALSE(was_in_trouble);
  CHECK(room.find(job.id).status == JobStatus::succeeded);
}

TEST_CASE("folders that are deleted while the server runs are made again before a job is taken") {
  for (const std::string folder : {"images", "data/records", "data"}) {
    INFO(folder);
    DeskRoom room;
    const Job before = room.run({{"steps", 1}});
    std::error_code fault;  // while the server still writes into it
    do fs::remove_all(room.folder / folder, fault);
    while (fault);
    const Job job = room.run({{"steps", 1}});
    CHECK(job.status == JobStatus::succeeded);
    CHECK(job.attempts == 1);
    CHECK(fs::exists(room.folder / "images" / job.pictures.at(0).file));
    room.close();
    CHECK(room.find(job.id).status == JobStatus::succeeded);  // on the disk
    CHECK(room.find(before.id).status == JobStatus::succeeded);
  }
}

TEST_CASE("a database that is deleted is on the disk again before the next job is taken") {
  DeskRoom room;
  const Job before = room.run({{"steps", 1}});
  for (const char* end : {"", "-wal", "-shm"}) fs::remove(room.folder / (std::string("data/jobs.sqlite") + end));
  const Job job = room.submit({{"steps", 1}});
  CHECK(fs::exists(room.folder / "data/jobs.sqlite"));
  CHECK(room.wait_end(job.id).status == JobStatus::succeeded);
  room.close();
  CHECK(room.find(job.id).status == JobStatus::succeeded);
  CHECK(room.find(before.id).status == JobStatus::succeeded);
}

TEST_CASE("a lock that was deleted is taken again; one that another server took keeps jobs out") {
  DeskRoom room;
  room.run({{"steps", 1}});
  fs::remove(room.folder / "data/lock");
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  fs::remove(room.folder / "data/lock");
  {
    const FolderLock other(room.folder / "data");
    const Error error = error_of([&] { room.submit({{"steps", 1}}); });
    CHECK(error.code() == ErrorCode::storage_failed);
    CHECK(says(error.sentence(), "another ALICE server"));
  }
  room.wait_ready();
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("what is written is for its owner alone, whatever the umask") {
  const mode_t before = ::umask(0);
  DeskRoom room;
  room.run({{"steps", 1}});
  ::umask(before);
  struct stat status {};
  for (const std::string name : {"data", "data/records", "images", "data/lock"}) {
    INFO(name);
    REQUIRE(::stat((room.folder / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0077) == 0);
  }
}

TEST_CASE("retention takes away what has ended, in its own time, and the files with it") {
  DeskRoom room;
  const Job first = room.run({{"steps", 1}}, 2);
  const Job second = room.run({{"steps", 1}});
  room.close();
  room.settings.retention.pictures.max_count = 1;
  wait_until([&] { return room.find(first.id).pictures.at(1).removed_ms.has_value(); });
  for (const PictureFile& picture : first.pictures)  // the file goes after the mark
    wait_until([&] { return !fs::exists(room.folder / "images" / picture.file); });
  CHECK(fs::exists(room.folder / "images" / second.pictures.at(0).file));
  room.close();
  room.settings.retention.jobs.max_count = 1;
  const auto is_gone = [&] {
    try {
      room.find(first.id);
      return false;
    } catch (const Error& e) {
      return e.code() == ErrorCode::not_found;
    }
  };
  wait_until(is_gone);
  CHECK(room.find(second.id).status == JobStatus::succeeded);
}

TEST_CASE("records of jobs that wait go by the rule, those that are in use stay") {
  DeskRoom room;
  room.settings.retention.records.max_bytes = 0;
  const Job running = room.submit({{"steps", 1'000'000}, {"step_ms", 1}});
  wait_until([&] { return fs::exists(room.folder / "data/records" / (running.id + ".rec")); });
  const Job waiting = room.submit({{"steps", 1}});
  const fs::path record = room.folder.write("data/records/" + waiting.id + ".rec", "1\n");
  room.close();  // the next desk takes both up, and goes round at once; one of them runs
  room.desk();
  wait_until([&] { return !fs::exists(record); });
  room.cancel(running.id);
  CHECK(room.wait_end(waiting.id).status == JobStatus::succeeded);
}
