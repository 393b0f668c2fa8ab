// Watches that come and go while jobs run.

#include <atomic>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;

namespace {

const Json kEndless = {{"steps", 1'000'000}, {"step_ms", 0}};

}  // namespace

TEST_CASE("no callback runs after its watch was destroyed on another thread") {
  DeskRoom room;
  const Job job = room.submit(kEndless);
  for (int i = 0; i < 300; ++i) {
    const auto is_over = std::make_shared<std::atomic<bool>>(false);
    std::atomic<int> told{0};
    auto watching = room.watch(job.id, [is_over, &told](const JobEvent&) {
      ++told;
      if (*is_over) std::abort();  // and `told` would be gone
    });
    if (i % 3 == 0) wait_until([&] { return told > 2; });
    watching.reset();
    *is_over = true;
  }
}

TEST_CASE("a callback may destroy its own watch") {
  DeskRoom room;
  const Job job = room.submit(kEndless);
  std::mutex mutex;
  std::shared_ptr<JobWatch> watching;
  std::atomic<int> told{0};
  auto watch = room.watch(job.id, [&](const JobEvent&) {
    const std::lock_guard lock(mutex);
    if (watching == nullptr) return;
    ++told;
    watching.reset();
  });
  {
    const std::lock_guard lock(mutex);
    watching = std::move(watch);
  }
  wait_until([&] { return told == 1; });
  Diary diary;
  const auto other = room.watch(job.id, diary.writer());
  diary.wait([](const JobEvent& event) { return event.done > 0; });
  const auto seen = diary.events().size();
  wait_until([&] { return diary.events().size() > seen + 10; });
  CHECK(told == 1);
}

TEST_CASE("a callback that throws harms nobody else") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 5}});
  const auto bad = room.watch(job.id, [](const JobEvent&) { throw std::runtime_error("a fault of the caller"); });
  CHECK(room.wait_end(job.id).status == JobStatus::succeeded);
}

TEST_CASE("a watch may outlive the desk") {
  std::shared_ptr<JobWatch> watching;
  {
    DeskRoom room;
    watching = room.watch(room.submit(kEndless).id, [](const JobEvent&) {});
  }
  watching.reset();
}

TEST_CASE("many threads may submit, watch, cancel and look at the state at once") {
  DeskRoom room;
  room.settings.workers.workers = 2;
  room.settings.queue_size = 1000;
  room.wait_ready();
  std::atomic<int> ended{0};
  constexpr int kThreads = 4, kJobs = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kJobs; ++i) {
        const Job job = room.submit({{"steps", 2}});
        Diary diary;
        const auto watching = room.watch(job.id, diary.writer());
        if (i % 3 == t % 3) room.cancel(job.id);
        const Job end = diary.wait_end();
        if (has_ended(end.status) && room.desk().state()->queue_size == 1000) ++ended;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(ended == kThreads * kJobs);
  const auto state = room.desk().state();
  CHECK(state->succeeded + state->cancelled == kThreads * kJobs);
  CHECK(state->failed == 0);
}

namespace {

std::shared_ptr<JobWatch> watch_all(DeskRoom& room, const Viewer& viewer, const std::string& after, Diary& diary) {
  return wait_for<std::shared_ptr<JobWatch>>([&](Then<std::shared_ptr<JobWatch>> then) {
    room.desk().watch_all(viewer, after, diary.writer(), std::move(then));
  });
}

Job submit_for(DeskRoom& room, const std::string& owner, const Json& script = {{"steps", 1}}) {
  JobRequest request;
  request.generate.prompt = script.dump();
  request.owner = owner;
  return room.submit(request);
}

auto is(JobEvent::Kind kind, const std::string& job) {
  return [kind, job](const JobEvent& event) { return event.kind == kind && event.id == job; };
}

}  // namespace

TEST_CASE("who watches all jobs hears of those that are there and of those that come, and of nobody else's") {
  DeskRoom room;
  const Job running = submit_for(room, "ann", kEndless);
  const Job waiting = submit_for(room, "ann");
  const Job foreign = submit_for(room, "bob");
  Diary anns, everybodys;
  const auto ann = watch_all(room, {"ann", false}, "", anns);
  const auto admin = watch_all(room, {"root", true}, "", everybodys);
  anns.wait(is(JobEvent::Kind::position, waiting.id));
  everybodys.wait(is(JobEvent::Kind::position, foreign.id));
  const Job late = submit_for(room, "ann");
  CHECK(anns.wait(is(JobEvent::Kind::queued, late.id)).job.id == late.id);
  wait_for<Job>([&](Then<Job> then) { room.desk().cancel(running.id, {"ann", false}, std::move(then)); });
  for (const Job& job : {running, waiting, late}) CHECK(anns.wait(is(JobEvent::Kind::ended, job.id)).job.id == job.id);
  everybodys.wait(is(JobEvent::Kind::ended, foreign.id));
  for (const JobEvent& event : anns.events()) CHECK(event.id != foreign.id);
}

TEST_CASE("who comes back is told what has ended meanwhile, or that more has than is known") {
  DeskRoom room;
  std::string mark;
  {
    Diary diary;
    const auto watching = watch_all(room, {"ann", false}, "", diary);
    mark = diary.wait(is(JobEvent::Kind::ended, submit_for(room, "ann").id)).mark;
  }
  const Job mine = submit_for(room, "ann"), foreign = submit_for(room, "bob");
  for (const Job& job : {mine, foreign})
    wait_until([&] {
      const auto found = wait_for<Job>(
          [&](Then<Job> then) { room.desk().find(job.id, {"", true}, std::move(then)); });
      return has_ended(found.status);
    });
  Diary back;
  const auto watching = watch_all(room, {"ann", false}, mark, back);
  back.wait(is(JobEvent::Kind::ended, mine.id));
  REQUIRE(back.events().size() == 1);  // not the one that it knows, nor bob's
  for (const std::string& foreign_mark : {std::string("0123456789ab-1"), mark + "99", std::string("x")}) {
    Diary lost;
    const auto again = watch_all(room, {"ann", false}, foreign_mark, lost);
    lost.wait([](const JobEvent& event) { return event.kind == JobEvent::Kind::missed; });
  }
  room.close();  // another process does not know the marks of this one
  Diary after_restart;
  const auto there = watch_all(room, {"ann", false}, mark, after_restart);
  after_restart.wait([](const JobEvent& event) { return event.kind == JobEvent::Kind::missed; });
}
