// Cancelling frees the worker, and at every moment the server says what is.

#include "server/front/canceller.h"
#include "tests/front/desk_room.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr std::chrono::milliseconds kShortGrace{300};

/// Names its pictures' record, then is silent for ever.
const Json kHang = {{"steps", 3}, {"at", 2}, {"do", "hang"}};

/// What `room` says of its workers and jobs: running, queued, busy workers, ready workers.
std::vector<int64_t> counts(DeskRoom& room) {
  const auto state = room.desk().state();
  return {state->running, state->queued, state->groups.at(0).busy, state->groups.at(0).ready};
}

/// A job that hangs in its worker.
Job hanging(DeskRoom& room) {
  const Job job = room.submit(kHang);
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  diary.wait([](const JobEvent& event) { return event.kind == JobEvent::Kind::step && event.done == 1; });
  return job;
}

}  // namespace

TEST_CASE("a worker that does not let go of a cancelled job is ended after the grace, and the next job is served") {
  DeskRoom room;
  room.settings.workers.cancel_grace = kShortGrace;
  room.settings.job_attempts = 1;
  room.settings.breaker = {1, std::chrono::milliseconds(60'000), std::chrono::milliseconds(60'000)};
  const Job job = hanging(room);
  const Job next = room.submit({{"steps", 1}});
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  CHECK(room.cancel(job.id).status == JobStatus::cancelling);
  CHECK(counts(room) == std::vector<int64_t>{1, 1, 1, 1});
  CHECK(room.desk().state()->cancelled == 0);
  diary.wait([](const JobEvent& event) { return event.stage == "cancelling"; });
  CHECK(room.cancel(job.id).status == JobStatus::cancelling);  // asking twice is no error, and gives no more time

  const Job end = diary.wait_end();
  CHECK(end.status == JobStatus::cancelled);
  CHECK((end.attempts == 1 && end.worker_deaths == 0 && !end.error.has_value()));
  CHECK(room.wait_end(next.id).status == JobStatus::succeeded);
  CHECK(room.desk().state()->worker_ends == std::map<std::string, int64_t>{{"cancelled", 1}});
  CHECK(room.desk().state()->groups.at(0).deaths == 0);
  CHECK_FALSE(room.desk().state()->groups.at(0).rests_until.has_value());
  CHECK(counts(room) == std::vector<int64_t>{0, 0, 0, 1});
  CHECK(std::filesystem::is_empty(room.settings.data_directory / "records"));
}

TEST_CASE("what a worker says after its job was cancelled changes nothing, and its pictures go") {
  for (const Json& end : {Json{{"deaf", true}}, Json{{"deaf", true}, {"at", 40}, {"do", "fail"}},
                          Json{{"deaf", true}, {"at", 40}, {"do", "die"}}, Json{{"deaf", true}, {"lose_pictures", true}}}) {
    INFO(end.dump());
    DeskRoom room;
    Json script = {{"steps", 50}, {"step_ms", 2}};
    script.update(end);
    const Job job = room.submit(script, 2);
    wait_until([&] { return room.desk().state()->running == 1; });
    room.cancel(job.id);
    const Job ended = room.wait_end(job.id);
    CHECK(ended.status == JobStatus::cancelled);
    CHECK_FALSE(ended.error.has_value());
    CHECK(std::filesystem::is_empty(room.settings.images_directory));
  }
}

TEST_CASE("a server that ends while a job is cancelling has cancelled it, whether it stops or is killed") {
  for (const bool is_killed : {false, true}) {
    INFO(is_killed);
    DeskRoom room;
    const Job job = hanging(room);
    CHECK(room.cancel(job.id).status == JobStatus::cancelling);
    if (is_killed) {  // the disk as it is now is what the next process finds
      const auto kept = room.folder / "kept";
      std::filesystem::copy(room.settings.data_directory, kept, std::filesystem::copy_options::recursive);
      room.close();
      room.settings.data_directory = kept;
      room.folder.write("images/" + job.id + "-0.png", "of the cancelled job");
    } else {
      room.close();
    }
    CHECK(room.find(job.id).status == JobStatus::cancelled);
    CHECK(room.desk().state()->queued == 0);
    CHECK(std::filesystem::is_empty(room.settings.images_directory));
  }
}

TEST_CASE("a server that drains waits for a cancelled job no longer than the grace") {
  DeskRoom room;
  room.settings.workers.cancel_grace = kShortGrace;
  const Job job = hanging(room);
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  room.cancel(job.id);
  std::promise<void> drained;
  room.desk().drain(kNever, [&] { drained.set_value(); });
  require_in_time(drained.get_future().wait_for(kNever / 2) == std::future_status::ready);
  CHECK(diary.wait_end().status == JobStatus::cancelled);
}

namespace {

Job submit_with(DeskRoom& room, const JobTerms& terms, const Json& script, const std::string& owner = "") {
  JobRequest request;
  request.generate.prompt = script.dump();
  request.owner = owner;
  request.terms = terms;
  return room.submit(request);
}

const Json kLong = {{"steps", 1'000'000}, {"step_ms", 1}};

}  // namespace

TEST_CASE("a job that is not done by its deadline is cancelled and says so, whether it waits or runs") {
  DeskRoom room;
  const Job running = submit_with(room, {"", 0, now_ms() + 4000}, kLong);
  const Job waiting = submit_with(room, {"", 0, now_ms() + 100}, {{"steps", 1}});
  const Job patient = submit_with(room, {"", 0, now_ms() + 3'600'000}, {{"steps", 1}});
  for (const Job& job : {waiting, running}) {
    const Job ended = room.wait_end(job.id);
    CHECK(ended.status == JobStatus::cancelled);
    CHECK(ended.error.value().place == kDeadlinePlace);
    CHECK(ended.finished_ms.value() >= *job.request.terms.deadline_ms);
  }
  CHECK(room.wait_end(patient.id).status == JobStatus::succeeded);
}

TEST_CASE("a deadline that passed while no server was there holds when one is") {
  DeskRoom room;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  const Job job = submit_with(room, {"", 0, now_ms() + 50}, {{"steps", 1}});
  room.close();
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  CHECK(room.wait_end(job.id).error.value().place == kDeadlinePlace);
}

TEST_CASE("the jobs of a label are cancelled together, those that run and those that wait, and nobody else's") {
  DeskRoom room;
  const Job running = submit_with(room, {"set"}, kLong, "ann"), waiting = submit_with(room, {"set"}, kLong, "ann");
  const Job other = submit_with(room, {"another"}, {{"steps", 1}}, "ann");
  const Job foreign = submit_with(room, {"set"}, {{"steps", 1}}, "bob");
  const auto cancel = [&](const Viewer& viewer) {
    return wait_for<int64_t>([&](Then<int64_t> then) { room.desk().cancel_labelled("set", viewer, std::move(then)); });
  };
  CHECK(cancel({"carol", false}) == 0);
  CHECK(cancel({"ann", false}) == 2);
  const auto end_of = [&](const Job& job) {
    Diary diary;
    const auto watching = wait_for<std::shared_ptr<JobWatch>>([&](Then<std::shared_ptr<JobWatch>> then) {
      room.desk().watch(job.id, {"", true}, diary.writer(), std::move(then));
    });
    return diary.wait_end();
  };
  for (const Job& job : {running, waiting}) {
    const Job ended = end_of(job);
    CHECK(ended.status == JobStatus::cancelled);
    CHECK_FALSE(ended.error.has_value());
  }
  for (const Job& job : {other, foreign}) CHECK(end_of(job).status == JobStatus::succeeded);
  CHECK(cancel({"ann", false}) == 0);
}
