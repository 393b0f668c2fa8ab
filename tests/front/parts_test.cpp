// The small parts of the desk, each alone.

#include "server/front/job_log.h"
#include "server/front/job_queue.h"
#include "server/front/model_choice.h"
#include "server/front/pace.h"
#include "server/front/plugin_files.h"
#include "server/front/preload_plan.h"
#include "server/front/state_board.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

Job job_of(const std::string& id) {
  Job job;
  job.id = id;
  return job;
}

StepClock::Time at(double seconds) {
  return StepClock::Time() +
         std::chrono::duration_cast<StepClock::Time::duration>(std::chrono::duration<double>(seconds));
}

JobProgress step(int64_t done, int64_t total, int64_t first_image = 0, int64_t images = 1, int64_t all_images = 1,
                 int64_t resumed_from = 0) {
  return {{"x", 1}, JobStage::denoise, first_image, images, all_images, done, total, resumed_from};
}

const Json kTwoModels = {{"models",
                          {{{"id", "sd/ink"}, {"available", true}},
                           {{"id", "sd/oil"}, {"available", true}},
                           {{"id", "sd/old"}, {"available", false}, {"unavailable", "has no weights"}}}}};

}  // namespace

TEST_CASE("a queue keeps its order, and knows each job's place") {
  JobQueue queue;
  for (const char* id : {"b", "c", "d"}) queue.add(job_of(id));
  queue.put_back(job_of("a"));
  CHECK(queue.size() == 4);
  CHECK(queue.position("a") == 1);
  CHECK(queue.position("d") == 4);
  CHECK_FALSE(queue.position("e").has_value());
  CHECK(queue.take("c").id == "c");
  CHECK(queue.position("d") == 3);
  CHECK(queue.front().id == "a");
  CHECK(queue.at(2).id == "b");
}

TEST_CASE("a model is found by its id, or by what stands behind the slash") {
  CHECK(choose_model("sd/oil", "", kTwoModels) == "sd/oil");
  CHECK(choose_model("ink", "sd/oil", kTwoModels) == "sd/ink");
  CHECK(choose_model("", "oil", kTwoModels) == "sd/oil");
}

TEST_CASE("without a name and a default only the one model that there is can be meant") {
  const Error error = error_of([&] { choose_model("", "", kTwoModels); });
  CHECK(error.code() == ErrorCode::bad_request);
  CHECK(error.place() == "/model");
  CHECK(says(error.sentence(), "there are sd/ink, sd/oil"));
  CHECK(choose_model("", "", {{"models", {{{"id", "sd/x"}, {"available", true}}}}}) == "sd/x");
  CHECK(choose_model(
            "", "", {{"models", {{{"id", "sd/x"}, {"available", true}}, {{"id", "sd/emoji"}, {"available", true}}}}}) ==
        "sd/emoji");
  CHECK(says(error_of([&] {
               choose_model("", "", {{"models", Json::array()}});
             }).sentence(),
             "no model that can be used"));
  CHECK(says(error_of([&] { choose_model("sd/x", "", Json::object()); }).sentence(), "'sd/x' is not there"));
}

TEST_CASE("a model that is not there is answered with the nearest and with what there is") {
  const Error error = error_of([&] { choose_model("sd/inc", "", kTwoModels); });
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(error.sentence() == "the model 'sd/inc' is not there (did you mean 'sd/ink'?); there are sd/ink, sd/oil");
  CHECK(says(error_of([&] { choose_model("sd/old", "", kTwoModels); }).sentence(), "cannot be used: has no weights"));
  CHECK(error_of([&] { choose_model(std::string(100'000, 'x'), "", kTwoModels); }).sentence().size() < 1000);
}

TEST_CASE("a refiner is a model that is there, or none, and is judged once models are known") {
  CHECK(choose_refiner("ink", kTwoModels) == "sd/ink");
  CHECK(choose_refiner("", kTwoModels).empty());
  CHECK(choose_refiner("sd/x", Json::object()) == "sd/x");
  const Error error = error_of([&] { choose_refiner("sd/inc", kTwoModels); });
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(error.place() == "/refiner");
  CHECK(says(error.sentence(), "did you mean 'sd/ink'"));
}

TEST_CASE("steps are measured where both their ends are known and they were computed") {
  StepClock clock;
  CHECK_FALSE(clock.note(step(1, 10), at(1)).has_value());
  CHECK(clock.note(step(2, 10), at(3)) == Approx(2));
  CHECK_FALSE(clock.note(step(4, 10), at(4)).has_value());                // one was missed
  CHECK_FALSE(clock.note(step(5, 10, 0, 1, 1, 1), at(4.1)).has_value());  // from the record
  CHECK(clock.note(step(6, 10, 0, 1, 1, 1), at(8.1)) == Approx(4));
  CHECK_FALSE(clock.note(step(7, 10, 1, 1, 2, 1), at(20)).has_value());  // of the next picture
  CHECK(clock.mean_step_seconds().value() == Approx(3));
}

TEST_CASE("when the step that goes on will be done follows from those before it") {
  StepClock clock;
  CHECK_FALSE(clock.seconds_to_step(at(1)).has_value());
  clock.note(step(1, 3), at(0));
  CHECK_FALSE(clock.seconds_to_step(at(1)).has_value());
  clock.note(step(2, 3), at(10));
  CHECK(clock.seconds_to_step(at(11)).value() == Approx(9));
  CHECK(clock.seconds_to_step(at(21)).value() == Approx(-1));
  clock.note(step(3, 3), at(20));
  CHECK_FALSE(clock.seconds_to_step(at(21)).has_value());  // pictures are decoded now
}

TEST_CASE("the time that is left counts the steps of all groups of pictures, and their decoding") {
  Pace pace;
  StepClock clock;
  JobProgress progress = step(1, 10, 0, 2, 5);
  clock.note(progress, at(0));
  CHECK(pace.eta_seconds("shape", progress, clock) < 0);
  progress.done = 2;
  pace.note_step("shape", *clock.note(progress, at(3)));
  CHECK(pace.eta_seconds("shape", progress, clock) == Approx(3 * (8 + 10 + 10)));  // groups of 2, 2 and 1
  pace.note_job(100, "shape", 7);
  CHECK(pace.eta_seconds("shape", progress, clock) == Approx(3 * 28 + 3 * 7));
  progress.stage = JobStage::decode;
  CHECK(pace.eta_seconds("shape", progress, clock) == Approx(3 * 20 + 3 * 7));

  StepClock next;
  next.note(step(1, 4), at(0));
  CHECK(pace.eta_seconds("shape", step(1, 4), next) == Approx(3 * 3 + 7));
  CHECK(pace.eta_seconds("another", step(1, 4), next) < 0);
}

namespace {

/// Adds a job of that owner, with the turn that the queue gives to it.
void add(JobQueue& queue, const std::string& id, const std::string& owner, int64_t pictures = 1,
         int64_t priority = 0) {
  Job job = job_of(id);
  job.request.owner = owner;
  job.request.generate.n = pictures;
  job.request.terms.priority = priority;
  const JobQueue::Place place = queue.place(job);
  job.turn = place.turn;
  queue.move(place.moved);
  queue.add(job);
}

std::string all_ids(JobQueue queue) {
  std::string ids;
  while (!queue.empty()) ids += queue.take_first().id;
  return ids;
}

}  // namespace

TEST_CASE("whoever has one job is served next but one, however many another one has") {
  JobQueue queue;
  for (int i = 0; i < 200; ++i) add(queue, "many" + std::to_string(i), "many");
  CHECK(queue.take_first().id == "many0");
  add(queue, "one", "one");
  CHECK(queue.position("one") == 2);
  CHECK(queue.position("many2") == 3);
}

TEST_CASE("owners take turns, and each one's own jobs keep their order") {
  JobQueue queue;
  for (const char* id : {"a", "b", "c"}) add(queue, id, "first");
  for (const char* id : {"x", "y", "z"}) add(queue, id, "second");
  CHECK(all_ids(queue) == "axbycz");
}

TEST_CASE("a job of many pictures takes as many turns") {
  JobQueue queue;
  add(queue, "a", "first", 3);
  for (const char* id : {"x", "y", "z"}) add(queue, id, "second");
  CHECK(all_ids(queue) == "xyaz");
}

TEST_CASE("nobody saves turns up by waiting, and what was taken back costs none") {
  JobQueue queue;
  for (const char* id : {"a", "b", "c", "d"}) add(queue, id, "first");
  queue.take_first(), queue.take_first(), queue.take_first();
  for (const char* id : {"x", "y"}) add(queue, id, "second");
  CHECK(all_ids(queue) == "dxy");
  for (const char* id : {"e", "f", "g"}) add(queue, id, "third");
  for (const char* id : {"e", "f", "g"}) queue.take(id);
  add(queue, "h", "third");
  CHECK(queue.position("h") == 3);
}

TEST_CASE("a greater priority comes before its owner's other jobs, and takes nothing from anybody else") {
  JobQueue queue;
  for (const char* id : {"a", "b", "c"}) add(queue, id, "first");
  for (const char* id : {"x", "y", "z"}) add(queue, id, "second");
  add(queue, "P", "first", 1, 5);
  add(queue, "Q", "first", 1, 1);
  add(queue, "R", "first", 1, 5);  // behind P, which came before it
  CHECK(all_ids(queue) == "xPyRzQabc");
}

TEST_CASE("however many urgent jobs somebody has, another's place stays") {
  JobQueue queue;
  for (int i = 0; i < 10; ++i) add(queue, "a" + std::to_string(i), "first");
  for (int i = 0; i < 3; ++i) add(queue, "x" + std::to_string(i), "second");
  const int64_t before = queue.position("x2").value();
  for (int i = 0; i < 20; ++i) add(queue, "p" + std::to_string(i), "first", 1, 1);
  CHECK(queue.position("x2").value() <= before);
  CHECK(queue.position("p0").value() <= 2);
}

TEST_CASE("an urgent job of many pictures moves the others back by as much, and a smaller priority stands last") {
  JobQueue queue;
  for (const char* id : {"a", "b"}) add(queue, id, "first");
  for (const char* id : {"w", "x", "y", "z"}) add(queue, id, "second");
  add(queue, "P", "first", 3, 1);
  add(queue, "l", "first", 1, -1);
  add(queue, "c", "first");
  CHECK(all_ids(queue) == "wxyPzabcl");
}

TEST_CASE("a job whose worker died stays before more urgent ones") {
  JobQueue queue;
  for (const char* id : {"a", "b"}) add(queue, id, "first");
  queue.put_back(queue.take_first());
  add(queue, "P", "first", 1, 9);
  CHECK(all_ids(queue) == "aPb");
}

TEST_CASE("a queue that is taken up again goes on where it was") {
  JobQueue before, after;
  for (const char* id : {"a", "b", "c"}) add(before, id, "first");
  before.take_first();
  for (const Job& job : before.jobs()) after.add(job);
  add(after, "x", "second");
  CHECK(all_ids(after) == "bxc");
}

TEST_CASE("a busy server says to come back when its queue has run, between one second and ten minutes") {
  Pace pace;
  CHECK(pace.retry_after_s(0, 1) == 30);  // a guess
  pace.note_job(4, "shape", std::nullopt);
  CHECK(pace.retry_after_s(10, 1) == 40);
  CHECK(pace.retry_after_s(10, 4) == 10);
  CHECK(pace.retry_after_s(100'000, 1) == 600);
  pace.note_job(0, "shape", std::nullopt);
  for (int i = 0; i < 100; ++i) pace.note_job(0, "shape", std::nullopt);
  CHECK(pace.retry_after_s(1, 8) == 1);
}

TEST_CASE("a snapshot of the state does not change") {
  StateBoard board;
  const auto before = board.snapshot();
  CHECK(board.snapshot() == before);
  board.update([](ServerState& state) { state.queued = 3; });
  CHECK(before->queued == 0);
  CHECK(board.snapshot()->queued == 3);
}

TEST_CASE("a line about a job begins with its ids") {
  CHECK(job_line("a1", "r1", "begun") == "job=a1 request=r1 begun");
  CHECK(job_line("a1", "", "begun") == "job=a1 begun");
  CHECK(job_line("", "", "begun") == "begun");
}

TEST_CASE("a model that two workers in a row died of is preloaded no more, until plugins change") {
  PreloadPlan plan({"sd/b", "sd/a"});
  const std::deque<std::string> both = {"sd/b", "sd/a"}, rest = {"sd/a"};
  CHECK_FALSE(plan.note_death("sd/b"));
  CHECK(plan.models() == both);
  plan.note_life("sd/b");
  CHECK_FALSE(plan.note_death("sd/b"));
  CHECK(plan.note_death("sd/b"));
  CHECK(plan.models() == rest);
  CHECK_FALSE(plan.allows("sd/b"));
  plan.forget_deaths();
  CHECK(plan.models() == both);
}

TEST_CASE("a library looks half written when it is empty, all zeros, or cut anywhere, and not when it is whole") {
  const TempFolder folder;
  const auto looks = [&](const std::string& bytes) { return look_half_written({folder.write("a.so", bytes)}); };
  const std::string whole = bytes_of("/proc/self/exe");
  CHECK_FALSE(looks(whole));
  CHECK_FALSE(looks("some text, of which the loader says what it is"));
  for (const size_t size : {size_t{0}, size_t{20}, size_t{64}, whole.size() / 2, whole.size() - 1}) {
    INFO(size);
    CHECK(looks(whole.substr(0, size)));
  }
  CHECK(looks(std::string(1000, '\0')));
}
