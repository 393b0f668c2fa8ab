// Workers that die, hang, talk nonsense or never start.

#include <signal.h>

#include <random>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("a job that kills its worker goes on with the next, with the same seed, from its record") {
  for (const std::string by : {"SIGSEGV", "SIGKILL", "SIGABRT", "SIGBUS", "exit 0", "exit 3"}) {
    INFO(by);
    DeskRoom room;
    const Job queued = room.submit({{"steps", 6}, {"at", 4}, {"do", "die"}, {"by", by}, {"attempts", 1}});
    const Job job = room.wait_end(queued.id);
    CHECK(job.status == JobStatus::succeeded);
    CHECK(job.attempts == 2);
    CHECK(job.worker_deaths == 1);
    CHECK(job.resumed_from == 3);
    CHECK(job.pictures.at(0).seed == queued.request.generate.seed);
    CHECK(room.desk().state()->worker_ends == std::map<std::string, int64_t>{{by, 1}});
    CHECK_FALSE(std::filesystem::exists(room.settings.data_directory / "records" / (job.id + ".rec")));
  }
}

TEST_CASE("a job that kills three workers fails with the reason, and the next job is served") {
  DeskRoom room;
  const Job deadly = room.submit({{"steps", 20}, {"at", 13}, {"do", "die"}}, 1, "sd/tiny");
  const Job next = room.submit({{"steps", 2}});
  const Job end = room.wait_end(deadly.id);
  CHECK(end.status == JobStatus::failed);
  CHECK(end.attempts == 3);
  CHECK(end.worker_deaths == 3);
  CHECK(end.error.value().code == ErrorCode::internal);
  CHECK(end.error->sentence ==
        "the worker ended by SIGSEGV while it denoised (step 12 of 20, sd/tiny); this was attempt 3 of 3");
  CHECK(room.wait_end(next.id).status == JobStatus::succeeded);
}

TEST_CASE("a job is put back before those that wait") {
  DeskRoom room;
  const Job deadly = room.submit({{"steps", 3}, {"at", 2}, {"do", "die"}, {"attempts", 2}});
  const Job next = room.submit({{"steps", 1}});
  const Job last = room.wait_end(next.id);
  CHECK(*last.started_ms >= *room.find(deadly.id).finished_ms);
}

TEST_CASE("a done that arrived before the worker's death counts") {
  DeskRoom room;
  const Job job = room.run({{"steps", 1}, {"die_after", true}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.attempts == 1);
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("a worker that hangs is killed after the step timeout") {
  DeskRoom room;
  room.settings.workers.step_timeout = std::chrono::milliseconds(1500);
  const Job job = room.run({{"at", 3}, {"do", "hang"}, {"attempts", 1}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.worker_deaths == 1);
  CHECK(room.desk().state()->worker_ends.at("step timeout") == 1);
}

TEST_CASE("a worker that goes on is not killed, however long its job takes") {
  DeskRoom room;
  room.settings.workers.step_timeout = std::chrono::milliseconds(3000);
  const Job job = room.run({{"steps", 20}, {"step_ms", 200}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.worker_deaths == 0);
}

TEST_CASE("a worker that says what is no message is killed") {
  DeskRoom room;
  const Job job = room.run({{"at", 2}, {"do", "garbage"}, {"attempts", 1}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.worker_deaths == 1);
  CHECK(room.desk().state()->worker_ends.at("broken link") == 1);
}

TEST_CASE("a worker that closes its socket and lives on is killed") {
  DeskRoom room;
  const Job job = room.run({{"at", 2}, {"do", "close"}, {"attempts", 1}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(room.desk().state()->worker_ends.at("closed its socket") == 1);
}

TEST_CASE("a worker that is killed at any moment costs its job nothing but time") {
  DeskRoom room;
  room.settings.job_attempts = 1000;
  std::mt19937 random(11);
  for (int round = 0; round < 30; ++round) {
    const Job queued = room.submit({{"steps", 20}, {"step_ms", 1}});
    Diary diary;
    const auto watching = room.watch(queued.id, diary.writer());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
    const auto state = room.desk().state();
    const auto described = wait_for<Json>([&](Then<Json> then) {
      room.desk().refresh([then](Outcome<Json> outcome) {
        then(std::holds_alternative<Error>(outcome) ? Json() : std::get<Json>(outcome));
      });
    });
    if (described.is_object()) ::kill(described.at("pid").get<pid_t>(), SIGKILL);
    const Job job = diary.wait_end();
    CHECK(job.status == JobStatus::succeeded);
    CHECK(bytes_of(room.settings.images_directory / job.pictures.at(0).file) ==
          "picture of seed " + std::to_string(*queued.request.generate.seed));
  }
}

TEST_CASE("a worker that cannot start is tried again, and the server says why it is not ready") {
  DeskRoom room;
  room.settings.workers.first_pause = std::chrono::milliseconds(1);
  room.settings.workers.longest_pause = std::chrono::milliseconds(10);
  const auto check_reason = [&](std::vector<std::string> arguments, const std::string& reason) {
    room.close();
    room.settings.workers.arguments = std::move(arguments);
    INFO(reason);
    wait_until([&] {
      const auto state = room.desk().state();
      const bool is_told = !state->not_ready.empty() && says(state->not_ready.at(0), reason);
      return is_told && !state->worker_ends.empty() && state->worker_ends.begin()->second >= 3;
    });
  };
  check_reason({ALICE_FAKE_WORKER, "exit", "3"}, "the worker ended with exit code 3 at its start: see the log");
  check_reason({"/no/such/worker"}, "/no/such/worker: the worker cannot be started: posix_spawn: No such file");
  check_reason({ALICE_FAKE_WORKER, "brief"}, "the worker ended with exit code 0 at its start");
  room.settings.workers.start_timeout = std::chrono::milliseconds(50);
  check_reason({ALICE_FAKE_WORKER, "silent"}, "did not describe itself within 0.05 s and was killed");
}

TEST_CASE("a worker that starts at last serves what has waited") {
  DeskRoom room;
  room.settings.workers.first_pause = std::chrono::milliseconds(1);
  const auto flag = room.folder / "works";
  room.settings.workers.arguments = {"/bin/sh", "-c", "test -e " + flag.string() + " && exec " ALICE_FAKE_WORKER};
  const Job job = room.submit({{"steps", 1}});
  wait_until([&] { return room.desk().state()->worker_ends.count("exit 1") == 1; });
  room.folder.write("works", "");
  CHECK(room.wait_end(job.id).status == JobStatus::succeeded);
  CHECK(room.desk().state()->not_ready.empty());
}
