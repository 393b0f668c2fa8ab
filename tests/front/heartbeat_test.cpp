// A worker that was stopped, or hears nothing any more, is found out, whatever it does.

#include <signal.h>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;

namespace {

pid_t worker_of(DeskRoom& room) {
  return wait_for<Json>([&](Then<Json> then) { room.desk().refresh(std::move(then)); }).at("pid").get<pid_t>();
}

int64_t ends(DeskRoom& room, const std::string& reason) {
  const auto all = room.desk().state()->worker_ends;
  const auto found = all.find(reason);
  return found == all.end() ? 0 : found->second;
}

}  // namespace

TEST_CASE("an idle worker that is stopped is replaced") {
  DeskRoom room;
  room.settings.workers.heartbeat = std::chrono::milliseconds(50);
  room.wait_ready();
  ::kill(worker_of(room), SIGSTOP);
  wait_until([&] { return ends(room, "heartbeat") == 1; });
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  CHECK(room.desk().state()->groups.at(0).deaths == 1);
}

TEST_CASE("a busy worker that is stopped is replaced long before its step timeout, and its job goes on") {
  DeskRoom room;
  room.settings.workers.heartbeat = std::chrono::milliseconds(50);
  room.wait_ready();
  const pid_t worker = worker_of(room);
  const Job job = room.submit({{"steps", 400}, {"step_ms", 2}});
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  diary.wait([](const JobEvent& event) { return event.kind == JobEvent::Kind::step && event.done > 2; });
  ::kill(worker, SIGSTOP);
  const Job end = diary.wait_end();
  CHECK(end.status == JobStatus::succeeded);
  CHECK(end.worker_deaths == 1);
  CHECK(ends(room, "heartbeat") == 1);
}

TEST_CASE("a worker that was stopped is cancelled as soon as any other") {
  DeskRoom room;
  room.settings.workers.cancel_grace = std::chrono::milliseconds(300);
  room.wait_ready();
  const pid_t worker = worker_of(room);
  const Job job = room.submit({{"steps", 1'000'000}, {"step_ms", 2}});
  wait_until([&] { return room.desk().state()->running == 1; });
  ::kill(worker, SIGSTOP);
  room.cancel(job.id);
  CHECK(room.wait_end(job.id).status == JobStatus::cancelled);
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("a worker that answers its pings lives, idle or busy") {
  DeskRoom room;
  room.settings.workers.heartbeat = std::chrono::milliseconds(200);
  CHECK(room.run({{"steps", 100}, {"step_ms", 20}}).worker_deaths == 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  CHECK(room.desk().state()->worker_ends.empty());
}
