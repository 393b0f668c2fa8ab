// Ends and new beginnings of the desk on the same folder.

#include <fstream>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

using Kind = JobEvent::Kind;

const Json kEndless = {{"steps", 1'000'000}, {"step_ms", 2}};

/// Drains and waits until it is done.
void drain(JobDesk& desk, std::chrono::milliseconds deadline) {
  std::promise<void> done;
  desk.drain(deadline, [&] { done.set_value(); });
  REQUIRE(done.get_future().wait_for(kNever) == std::future_status::ready);
}

bool is_handed_back(const JobEvent& event) { return event.kind == Kind::handed_back; }

/// The steps in a job's record.
int64_t recorded(const DeskRoom& room, const std::string& id) {
  std::ifstream record(room.settings.data_directory / "records" / (id + ".rec"));
  int64_t steps = 0;
  for (std::string line; std::getline(record, line);) ++steps;
  return steps;
}

}  // namespace

TEST_CASE("what runs may end before the deadline of a drain, what waits is handed back, and nothing new is taken") {
  DeskRoom room;
  const Job runs = room.submit({{"steps", 30}, {"step_ms", 5}});
  const Job waits = room.submit({{"steps", 1}});
  wait_until([&] { return room.desk().state()->running == 1; });
  Diary running, waiting;
  const auto watch_running = room.watch(runs.id, running.writer());
  const auto watch_waiting = room.watch(waits.id, waiting.writer());
  std::promise<void> done;
  room.desk().drain(kNever, [&] { done.set_value(); });
  CHECK(waiting.wait(is_handed_back).job.status == JobStatus::queued);
  CHECK(error_of([&] { room.submit({{"steps", 1}}); }).code() == ErrorCode::busy);
  CHECK(room.desk().state()->draining);
  CHECK(room.desk().state()->not_ready.at(0) == "the server is stopping");
  REQUIRE(done.get_future().wait_for(kNever) == std::future_status::ready);
  CHECK(running.wait_end().status == JobStatus::succeeded);
  CHECK(room.find(waits.id).status == JobStatus::queued);
  Diary late;
  const auto watch_late = room.watch(waits.id, late.writer());
  late.wait(is_handed_back);
}

TEST_CASE("what has not ended at the deadline of a drain is handed back and goes on from its record after a restart") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 100}, {"step_ms", 5}});
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  diary.wait([](const JobEvent& event) { return event.done >= 3; });
  drain(room.desk(), std::chrono::milliseconds(10));
  CHECK(diary.wait(is_handed_back).job.status == JobStatus::queued);
  CHECK(room.find(job.id).worker_deaths == 0);
  CHECK(recorded(room, job.id) >= 3);
  room.close();
  const Job end = room.wait_end(job.id);
  CHECK(end.status == JobStatus::succeeded);
  CHECK(end.attempts == 2);
  CHECK(end.worker_deaths == 0);
  CHECK(end.resumed_from >= 3);
  CHECK(end.pictures.at(0).seed == job.request.generate.seed);
}

TEST_CASE("a drain with nothing to do is done at once") {
  DeskRoom room;
  drain(room.desk(), kNever);
  CHECK(room.desk().state()->draining);
}

TEST_CASE("a worker that dies while the server drains does not keep it") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 1000}, {"step_ms", 2}, {"at", 50}, {"do", "die"}, {"attempts", 1}});
  wait_until([&] { return room.desk().state()->running == 1; });
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  drain(room.desk(), kNever);
  CHECK(diary.wait(is_handed_back).job.worker_deaths == 1);
  CHECK(room.find(job.id).status == JobStatus::queued);
}

TEST_CASE("a desk that stops hands back everything, and the next takes it up in its order") {
  DeskRoom room;
  std::vector<Job> jobs = {room.submit({{"steps", 40}, {"step_ms", 5}})};
  for (int i = 0; i < 3; ++i) jobs.push_back(room.submit({{"steps", 1}}));
  wait_until([&] { return recorded(room, jobs[0].id) >= 2; });
  Diary running, waiting;
  const auto watch_running = room.watch(jobs[0].id, running.writer());
  const auto watch_waiting = room.watch(jobs[2].id, waiting.writer());
  room.desk().stop();
  running.wait(is_handed_back);
  waiting.wait(is_handed_back);
  CHECK(error_of([&] { room.find(jobs[0].id); }).code() == ErrorCode::busy);
  CHECK(error_of([&] { room.submit(kEndless); }).code() == ErrorCode::busy);
  CHECK(error_of([&] { room.watch(jobs[0].id, [](const JobEvent&) {}); }).code() == ErrorCode::busy);
  room.close();
  int64_t last_end = 0;
  for (const Job& job : jobs) {
    const Job end = room.wait_end(job.id);
    CHECK(end.status == JobStatus::succeeded);
    CHECK(end.worker_deaths == 0);
    CHECK(*end.finished_ms >= last_end);
    last_end = *end.finished_ms;
  }
}

TEST_CASE("a restart takes up more jobs than the queue has room for, and takes no new ones until there is room") {
  DeskRoom room;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  std::vector<std::string> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(room.submit({{"steps", 1}}).id);
  room.close();
  room.settings.queue_size = 2;
  CHECK(error_of([&] { room.submit({{"steps", 1}}); }).code() == ErrorCode::busy);
  room.close();
  room.settings.workers.arguments = {ALICE_FAKE_WORKER};
  for (const std::string& id : ids) CHECK(room.wait_end(id).status == JobStatus::succeeded);
}

TEST_CASE("leftovers of processes that ended too suddenly are swept, and nothing else") {
  DeskRoom room;
  const Job job = room.run({{"steps", 1}});
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  room.close();
  const Job waits = room.submit(kEndless);
  room.close();
  const pid_t gone = 999'999'999;  // above the kernel's largest process id
  room.folder.write("images/.alice-" + std::to_string(gone) + "-1-1.part", "half");
  room.folder.write("images/.alice-" + std::to_string(getpid()) + "-1-1.part", "of a process that lives");
  room.folder.write("images/holiday.png", "a person's own");
  room.folder.write("data/records/" + job.id + ".rec", "1\n");
  room.folder.write("data/records/" + waits.id + ".rec", "1\n");
  room.cancel(job.id);  // nothing, but on the desk's thread, behind the sweep
  const auto is_there = [&](const std::string& file) { return std::filesystem::exists(room.folder / file); };
  wait_until([&] { return !is_there("data/records/" + job.id + ".rec"); });
  CHECK_FALSE(is_there("images/.alice-" + std::to_string(gone) + "-1-1.part"));
  CHECK(is_there("images/.alice-" + std::to_string(getpid()) + "-1-1.part"));
  CHECK(is_there("images/holiday.png"));
  CHECK(is_there("images/" + job.pictures.at(0).file));
  CHECK(is_there("data/records/" + waits.id + ".rec"));
}
