// A disk that is full while the desk works, by a limit on the size of this process's files.

#include <sys/resource.h>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

/// While it lives no file of this process grows beyond `bytes`; processes that are started meanwhile are limited too.
class FileLimit {
 public:
  explicit FileLimit(size_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

bool store_is_in_trouble(JobDesk& desk) {
  const auto state = desk.state();
  for (const std::string& reason : state->not_ready)
    if (says(reason, "job database")) return true;
  return false;
}

}  // namespace

TEST_CASE("while the disk is full submissions fail and say so, and the server is not ready; then all goes on") {
  DeskRoom room;
  room.run({{"steps", 1}});
  {
    const FileLimit limit(1);
    const Error error = error_of([&] { room.submit({{"steps", 1}}); });
    CHECK(error.code() == ErrorCode::storage_failed);
    CHECK(store_is_in_trouble(room.desk()));
  }
  room.wait_ready();
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  CHECK(room.desk().state()->not_ready.empty());
}

TEST_CASE("a job that ends while the disk is full is not lost") {
  for (const Json& script :
       {Json{{"steps", 30}, {"step_ms", 5}}, Json{{"steps", 30}, {"step_ms", 5}, {"at", 30}, {"do", "fail"}},
        Json{{"steps", 30}, {"step_ms", 5}, {"at", 30}, {"do", "die"}, {"attempts", 1}}}) {
    INFO(script.dump());
    DeskRoom room;
    room.settings.job_attempts = 10;  // a worker that is started meanwhile has the limit too, and may die of it
    const Job job = room.submit(script);
    wait_until([&] { return room.desk().state()->running == 1; });
    {
      const FileLimit limit(1);
      wait_until([&] { return store_is_in_trouble(room.desk()); });
      CHECK(room.find(job.id).status == JobStatus::running);
    }
    const Job end = room.wait_end(job.id);
    CHECK(end.status == (script.value("do", "") == "fail" ? JobStatus::failed : JobStatus::succeeded));
    CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
    CHECK(room.desk().state()->not_ready.empty());
  }
}

TEST_CASE("a job that is cancelled while the disk is full is cancelled once there is room") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 1'000'000}, {"step_ms", 2}});
  wait_until([&] { return room.desk().state()->running == 1; });
  {
    const FileLimit limit(1);
    CHECK(error_of([&] { room.cancel(job.id); }).code() == ErrorCode::storage_failed);
  }
  CHECK(room.wait_end(job.id).status == JobStatus::cancelled);
}

TEST_CASE("a desk that stops while the disk is full leaves its job to the next") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 50}, {"step_ms", 5}});
  wait_until([&] { return room.desk().state()->running == 1; });
  {
    const FileLimit limit(1);
    Diary diary;
    const auto watching = room.watch(job.id, diary.writer());
    room.close();
    diary.wait([](const JobEvent& event) { return event.kind == JobEvent::Kind::handed_back; });
  }
  const Job end = room.wait_end(job.id);
  CHECK(end.status == JobStatus::succeeded);
  CHECK(end.attempts == 2);
}
