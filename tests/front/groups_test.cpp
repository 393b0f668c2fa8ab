// Groups of workers: what goes wrong in one is nothing to the others.

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

const std::string kOdd = "sd/odd";  // the model of the group "sandbox"

Json killer() { return {{"steps", 3}, {"at", 2}, {"do", "die"}, {"plugins", {"bad"}}}; }

GroupState sandbox_of(DeskRoom& room) { return room.desk().state()->groups.at(1); }

bool rests(DeskRoom& room) { return sandbox_of(room).rests_until.has_value(); }

}  // namespace

TEST_CASE("a group's models are served by its workers, and all others by the default group") {
  DeskRoom room;
  room.add_group("sandbox", kOdd);
  const Job usual = room.submit({{"at", 1}, {"do", "hang"}}, 1, "sd/tiny");
  CHECK(room.run({{"steps", 2}}, 1, kOdd).status == JobStatus::succeeded);
  CHECK(room.run({{"steps", 2}}, 1, "odd").status == JobStatus::succeeded);
  CHECK(room.cancel(usual.id).status == JobStatus::cancelling);
}

TEST_CASE("a job that waits for a group that never starts blocks nobody else") {
  DeskRoom room;
  room.settings.queue_size = 2;
  room.add_group("sandbox", kOdd).workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  for (int i = 0; i < 2; ++i) room.submit({{"steps", 1}}, 1, kOdd);
  CHECK(error_of([&] { room.submit({{"steps", 1}}, 1, kOdd); }).code() == ErrorCode::busy);
  for (int i = 0; i < 3; ++i) CHECK(room.run({{"steps", 1}}, 1, "sd/tiny").status == JobStatus::succeeded);
  const auto state = room.desk().state();
  CHECK(state->not_ready.empty());
  CHECK(state->queued == 2);
  CHECK(state->groups.at(0).ready == 1);
  CHECK(state->groups.at(1).ready == 0);
  CHECK(state->groups.at(1).queued == 2);
}

TEST_CASE("what the groups say of themselves is told together") {
  DeskRoom room;
  auto& group = room.add_group("sandbox", kOdd);
  const std::string shared = room.folder.write("shared.so", "1.0").string();
  const std::string own = room.folder.write("own.so", "2.0").string();
  for (auto* arguments : {&room.settings.workers.arguments, &group.workers.arguments})
    arguments->insert(arguments->end(), {"--plugin", shared});
  group.workers.arguments.insert(group.workers.arguments.end(), {"--plugin", own});
  wait_until([&] { return room.desk().state()->workers == 2; });
  const Json description = room.desk().state()->description;
  std::map<std::string, std::string> group_of;
  for (const Json& model : description.at("models")) group_of[model.at("id")] = model.at("group");
  CHECK(group_of ==
        std::map<std::string, std::string>{{"sd/tiny", "default"}, {"sd/broken", "default"}, {kOdd, "sandbox"}});
  const Json libraries = description.at("plugins").at("plugins");
  REQUIRE(libraries.size() == 2);
  CHECK(libraries.at(0).at("groups") == Json({"default", "sandbox"}));
  CHECK(libraries.at(1).at("file") == own);
  CHECK(libraries.at(1).at("groups") == Json({"sandbox"}));
}

TEST_CASE("a job's end names the plugin whose code ran, and the group's attempts count") {
  DeskRoom room;
  auto& group = room.add_group("sandbox", kOdd);
  group.job_attempts = 1;
  group.workers.step_timeout = std::chrono::milliseconds(1500);
  const auto sentence = [&](const Json& script) {
    const Job job = room.run(script, 1, kOdd);
    CHECK(job.status == JobStatus::failed);
    CHECK(job.attempts == 1);
    return job.error.value().sentence;
  };
  CHECK(sentence(killer()) ==
        "the worker ended by SIGSEGV while it denoised, in code of the plugin bad (step 1 of 3, sd/odd); this was "
        "attempt 1 of 1");
  CHECK(says(sentence({{"at", 2}, {"do", "die"}, {"by", "exit 0"}, {"plugins", {"bad"}}}),
             "the worker ended with exit code 0 while it denoised, in code of the plugin bad"));
  CHECK(says(
      sentence({{"at", 2}, {"do", "hang"}, {"plugins", {"a", "b"}}}),
      "said nothing about its job for 1.5 s and was killed while it denoised, in code of one of the plugins a, b"));
}

TEST_CASE("a worker that takes more memory than its group may is killed, however lively it is") {
  DeskRoom room;
  auto& group = room.add_group("sandbox", kOdd);
  group.workers.memory_limit = 200'000'000;
  const Job job = room.run({{"at", 1}, {"do", "leak"}, {"plugins", {"bad"}}}, 1, kOdd);
  CHECK(job.status == JobStatus::failed);
  CHECK(job.attempts == 1);  // the next worker would meet the same
  CHECK(job.error.value().code == ErrorCode::out_of_memory);
  CHECK(says(job.error->sentence, "of memory, more than its limit of 200 MB, and was killed"));
  CHECK(says(job.error->sentence, "in code of the plugin bad"));
  CHECK(room.desk().state()->worker_ends.at("memory limit") == 1);
  CHECK(room.run({{"steps", 1}}, 1, kOdd).status == JobStatus::succeeded);
}

TEST_CASE("a group whose workers die again and again rests: its jobs are refused at once, others are served") {
  DeskRoom room;
  auto& group = room.add_group("sandbox", kOdd);
  group.job_attempts = 1;
  group.breaker = {3, std::chrono::seconds(60), std::chrono::seconds(600)};
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(rests(room));
    CHECK(room.run(killer(), 1, kOdd).status == JobStatus::failed);
  }
  wait_until([&] { return rests(room); });
  const Error error = error_of([&] { room.submit({{"steps", 1}}, 1, kOdd); });
  CHECK(error.code() == ErrorCode::busy);
  CHECK(error.place() == "/model");
  CHECK(says(error.sentence(), "(group 'sandbox') died 3 times within 60 s"));
  CHECK(says(error.sentence(), "SIGSEGV while it denoised, in code of the plugin bad"));
  CHECK(says(sandbox_of(room).trouble, "in code of the plugin bad"));
  CHECK(sandbox_of(room).ready == 0);
  CHECK(room.run({{"steps", 1}}, 1, "sd/tiny").status == JobStatus::succeeded);
  CHECK(room.desk().state()->not_ready.empty());
}

TEST_CASE("jobs that waited when their group began to rest go on after it, one first") {
  DeskRoom room;
  auto& group = room.add_group("sandbox", kOdd);
  group.job_attempts = 1;
  group.workers.workers = 2;
  // Slow to start: all jobs wait before the first is begun.
  group.workers.arguments = {"/bin/sh", "-c", "sleep 0.5; exec " ALICE_FAKE_WORKER " --model " + kOdd};
  group.breaker = {2, std::chrono::seconds(60), std::chrono::milliseconds(300)};
  std::vector<Job> bad, good;
  for (int i = 0; i < 3; ++i) bad.push_back(room.submit(killer(), 1, kOdd));
  for (int i = 0; i < 3; ++i) good.push_back(room.submit({{"steps", 1}}, 1, kOdd));
  for (const Job& job : bad) CHECK(room.wait_end(job.id).status == JobStatus::failed);
  for (const Job& job : good) CHECK(room.wait_end(job.id).status == JobStatus::succeeded);
  wait_until([&] { return !rests(room); });
  CHECK(sandbox_of(room).deaths == 3);
  CHECK(room.run({{"steps", 1}}, 1, kOdd).status == JobStatus::succeeded);
}

TEST_CASE("a job that named no model before any was known finds the group of the one it means") {
  DeskRoom room;
  room.add_group("sandbox", "sd/tiny").workers.arguments = {ALICE_FAKE_WORKER};  // the only model that can be used
  room.settings.workers.arguments = {"/bin/sh", "-c", "sleep 0.3; exec " ALICE_FAKE_WORKER};
  const Job job = room.run({{"steps", 1}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.settings.at("model") == "sd/tiny");
}
