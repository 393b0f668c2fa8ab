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
