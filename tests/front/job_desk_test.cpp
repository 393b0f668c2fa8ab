// What the desk does when all goes well.

#include "server/front/job_desk.h"

#include <fstream>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

using Kind = JobEvent::Kind;

/// A job that runs until it is cancelled.
const Json kEndless = {{"steps", 1'000'000}, {"step_ms", 2}};

}  // namespace

TEST_CASE("a job runs from its request to its pictures") {
  DeskRoom room;
  const Job queued = room.submit({{"steps", 3}}, 2);
  CHECK(queued.status == JobStatus::queued);
  CHECK(queued.attempts == 0);
  const Job job = room.wait_end(queued.id);
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.attempts == 1);
  CHECK(job.worker_deaths == 0);
  CHECK(job.request.request_id == "test");
  CHECK(job.settings.at("model") == "sd/tiny");
  CHECK(job.warnings == std::vector<std::string>{"/eta: has no effect"});
  REQUIRE(job.pictures.size() == 2);
  for (const PictureFile& picture : job.pictures) {
    CHECK(picture.seed == *queued.request.generate.seed + picture.index);
    CHECK(bytes_of(room.settings.images_directory / picture.file) == "picture of seed " + std::to_string(picture.seed));
    const auto found =
        wait_for<PictureFile>([&](Then<PictureFile> then) { room.desk().find_picture(picture.file, Viewer(), std::move(then)); });
    CHECK(found.sha256 == picture.sha256);
  }
  CHECK_FALSE(std::filesystem::exists(room.settings.data_directory / "records" / (job.id + ".rec")));
}

TEST_CASE("a seed is drawn once where the request has none, and kept where it has one") {
  DeskRoom room;
  const Job first = room.submit({{"steps", 1}}), second = room.submit({{"steps", 1}});
  CHECK(*first.request.generate.seed >= 0);
  CHECK(*first.request.generate.seed < int64_t{1} << 32);
  CHECK(first.request.generate.seed != second.request.generate.seed);
  JobRequest request = first.request;
  request.generate.seed = 0;
  const Job zero = room.submit(request);
  CHECK(zero.request.generate.seed == 0);
  CHECK(room.wait_end(zero.id).pictures.at(0).seed == 0);
}

TEST_CASE("what is not there is not found") {
  DeskRoom room;
  const auto code = [](auto&& action) { return error_of(action).code(); };
  CHECK(code([&] { room.find("none"); }) == ErrorCode::not_found);
  CHECK(code([&] { room.cancel("none"); }) == ErrorCode::not_found);
  CHECK(code([&] { room.watch("none", [](const JobEvent&) { FAIL("told of no job"); }); }) == ErrorCode::not_found);
  CHECK(code([&] {
          wait_for<PictureFile>([&](Then<PictureFile> then) { room.desk().find_picture("none", Viewer(), std::move(then)); });
        }) == ErrorCode::not_found);
}

TEST_CASE("jobs are done in the order in which they came") {
  DeskRoom room;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(room.submit({{"steps", 2}}).id);
  for (const std::string& id : ids) room.wait_end(id);
  const auto jobs = wait_for<std::vector<Job>>(
      [&](Then<std::vector<Job>> then) { room.desk().list({10, "", JobStatus::succeeded}, std::move(then)); });
  REQUIRE(jobs.size() == 5);
  for (size_t i = 0; i < 5; ++i) CHECK(jobs[4 - i].id == ids[i]);
  for (size_t i = 0; i + 1 < 5; ++i) CHECK(*jobs[i].started_ms >= *jobs[i + 1].finished_ms);
}

TEST_CASE("several workers have a job each") {
  DeskRoom room;
  room.settings.workers.workers = 3;
  for (int i = 0; i < 4; ++i) room.submit(kEndless);
  wait_until([&] { return room.desk().state()->running == 3; });
  CHECK(room.desk().state()->queued == 1);
  CHECK(room.desk().state()->workers == 3);
}

TEST_CASE("a watcher is told of the place in the queue, of each step and preview, and of the end") {
  DeskRoom room;
  const Job before = room.submit(kEndless);
  JobRequest request = room.submit(kEndless).request;
  request.preview_every = 2;
  request.generate.prompt = Json{{"steps", 4}}.dump();
  const Job job = room.submit(request);
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  wait_until([&] { return room.desk().state()->running == 1; });
  room.cancel(room.find(before.id).id);
  const Job second = wait_for<std::vector<Job>>([&](Then<std::vector<Job>> then) {
                       room.desk().list({1, job.id}, std::move(then));
                     }).at(0);
  diary.wait([](const JobEvent& event) { return event.kind == Kind::position && event.position == 1; });
  room.cancel(second.id);
  CHECK(diary.wait_end().status == JobStatus::succeeded);

  std::vector<int64_t> positions, steps, previews;
  for (const JobEvent& event : diary.events()) {
    if (event.kind == Kind::position) positions.push_back(event.position);
    if (event.kind == Kind::step && event.stage == "denoise") steps.push_back(event.done);
    if (event.kind == Kind::preview) {
      previews.push_back(event.step);
      CHECK(event.png == "preview " + std::to_string(event.step));
    }
  }
  REQUIRE_FALSE(positions.empty());
  CHECK(positions.back() == 1);
  CHECK(std::is_sorted(positions.rbegin(), positions.rend()));
  CHECK(steps == std::vector<int64_t>{1, 2, 3, 4});
  CHECK(previews == std::vector<int64_t>{2, 4});
  CHECK(diary.events().back().kind == Kind::ended);
}

TEST_CASE("who watches a job that has ended is told so at once") {
  DeskRoom room;
  const Job job = room.run({{"steps", 1}});
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  CHECK(diary.wait_end().pictures.size() == 1);
  CHECK(diary.events().size() == 1);
}

TEST_CASE("who watches a running job is told its last step first") {
  DeskRoom room;
  const Job job = room.submit(kEndless);
  Diary first;
  const auto watching = room.watch(job.id, first.writer());
  first.wait([](const JobEvent& event) { return event.done >= 3; });
  Diary second;
  const auto watching_too = room.watch(job.id, second.writer());
  const JobEvent event = second.wait([](const JobEvent&) { return true; });
  CHECK(event.kind == Kind::step);
  CHECK(event.done >= 3);
  CHECK(event.total == 1'000'000);
}

TEST_CASE("the time that is left is estimated from the steps that were measured") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 200}, {"step_ms", 5}});
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  const JobEvent event = diary.wait([](const JobEvent& e) { return e.kind == Kind::step && e.done >= 20; });
  CHECK(event.eta_seconds >= 0.005 * static_cast<double>(event.total - event.done));  // no step is quicker than 5 ms
  CHECK(room.desk().state()->step_seconds >= 0.005);
  room.cancel(job.id);
}

TEST_CASE("a queued job is cancelled at once") {
  DeskRoom room;
  room.submit(kEndless);
  const Job job = room.submit(kEndless);
  Diary diary;
  const auto watching = room.watch(job.id, diary.writer());
  CHECK(room.cancel(job.id).status == JobStatus::cancelled);
  CHECK(diary.wait_end().status == JobStatus::cancelled);
  CHECK(room.find(job.id).attempts == 0);
  CHECK(room.cancel(job.id).status == JobStatus::cancelled);
}

TEST_CASE("a running job is cancelling until its worker has let go of it, and that takes the next") {
  DeskRoom room;
  const Job job = room.submit(kEndless);
  wait_until([&] { return room.desk().state()->running == 1; });
  const Job told = room.cancel(job.id);
  CHECK(told.status == JobStatus::cancelling);
  CHECK_FALSE(told.finished_ms.has_value());
  const Job end = room.wait_end(job.id);
  CHECK(end.status == JobStatus::cancelled);
  CHECK(end.finished_ms.has_value());
  CHECK(room.desk().state()->cancelled == 1);
  CHECK(room.run({{"steps", 2}}).status == JobStatus::succeeded);
  CHECK(room.desk().state()->worker_ends.empty());
  CHECK_FALSE(std::filesystem::exists(room.settings.data_directory / "records" / (job.id + ".rec")));
}

TEST_CASE("a cancelled job stays so when its worker does not listen and says done, and its pictures go") {
  DeskRoom room;
  const Job job = room.submit({{"steps", 50}, {"step_ms", 2}, {"deaf", true}}, 3);
  wait_until([&] { return room.desk().state()->running == 1; });
  room.cancel(job.id);
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);  // by the same worker, so after its late words
  CHECK(room.find(job.id).status == JobStatus::cancelled);
  CHECK(room.find(job.id).pictures.empty());
  for (int k = 0; k < 3; ++k)
    CHECK_FALSE(std::filesystem::exists(room.settings.images_directory / (job.id + "-" + std::to_string(k) + ".png")));
}

TEST_CASE("cancelling a job that has succeeded changes nothing") {
  DeskRoom room;
  const Job job = room.run({{"steps", 1}});
  CHECK(room.cancel(job.id).status == JobStatus::succeeded);
  CHECK(std::filesystem::exists(room.settings.images_directory / job.pictures.at(0).file));
}

TEST_CASE("what the worker says went wrong is the job's error, and its pictures go") {
  DeskRoom room;
  const Job job = room.run({{"at", 2}, {"do", "fail"}}, 2);
  CHECK(job.status == JobStatus::failed);
  REQUIRE(job.error.has_value());
  CHECK(job.error->code == ErrorCode::out_of_memory);
  CHECK(job.error->place == "/width");
  CHECK(job.error->sentence == "does not fit");
  CHECK(room.desk().state()->failed == 1);
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("what a job will take is known while it runs and when it has succeeded; the worker is told its bounds") {
  DeskRoom room;
  room.settings.most_seconds = 30;
  room.settings.workers.memory_limit = 4'000'000'000;
  const Job job = room.submit({{"steps", 1000}, {"step_ms", 5}, {"estimate", true}});
  CHECK_FALSE(job.estimate.has_value());
  wait_until([&] { return room.find(job.id).estimate.has_value(); });
  CHECK(room.find(job.id).estimate->seconds == 60);
  CHECK(room.find(job.id).estimate->bytes == 8'000'000'000);
  room.cancel(job.id);
  CHECK(room.run({{"steps", 1}, {"estimate", true}}).estimate.value().bytes == 8'000'000'000);
}

TEST_CASE("a job that is done without its pictures has failed") {
  DeskRoom room;
  const Job job = room.run({{"lose_pictures", true}}, 2);
  CHECK(job.status == JobStatus::failed);
  CHECK(says(job.error.value().sentence, "of 2 pictures it named 0"));
}

TEST_CASE("late words about an earlier attempt change nothing") {
  DeskRoom room;
  const Job job = room.run({{"steps", 3}, {"late", true}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.pictures.size() == 1);
}

TEST_CASE("the state counts what was done") {
  DeskRoom room;
  CHECK(room.desk().state()->not_ready.size() <= 1);  // no worker yet, or there already
  room.run({{"steps", 2}}, 3);
  const auto state = room.desk().state();
  CHECK(state->not_ready.empty());
  CHECK(state->succeeded == 1);
  CHECK(state->pictures == 3);
  CHECK(state->queued == 0);
  CHECK(state->running == 0);
  CHECK(state->queue_size == 100);
  CHECK(state->workers == 1);
  CHECK(state->description.at("models").size() == 2);
  CHECK(state->retry_after_s >= 1);
  CHECK(state->retry_after_s <= 600);
}

TEST_CASE("a worker is asked to describe itself anew") {
  DeskRoom room;
  room.wait_ready();
  const auto refresh = [&] { return wait_for<Json>([&](Then<Json> then) { room.desk().refresh(std::move(then)); }); };
  CHECK(refresh().at("models").size() == 2);
  room.submit({{"steps", 1'000'000}, {"step_ms", 1}, {"at", 5}, {"do", "die"}});
  wait_until([&] { return room.desk().state()->running == 1 || !room.desk().state()->worker_ends.empty(); });
  try {
    refresh();  // whom it asks may end before it answers
  } catch (const Error& e) {
    CHECK(e.code() == ErrorCode::busy);
  }
}
