// Models that workers load before a job asks for them.

#include <algorithm>
#include <fstream>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"

using namespace alice;
using namespace alice::test;

namespace {

using Lines = std::vector<std::string>;

Lines lines_of(const std::filesystem::path& file) {
  Lines lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A desk with one worker that preloads `models`.
class PreloadRoom : public DeskRoom {
 public:
  explicit PreloadRoom(const Lines& models) {
    settings.workers.preload = models;
    settings.workers.arguments = {ALICE_FAKE_WORKER, "--diary", diary.string()};
  }

  /// What all its workers have begun: models that they preloaded, "job".
  Lines begun() const { return lines_of(diary); }
  void wait_begun(const Lines& lines) {
    desk();
    wait_until([&] { return begun() == lines; });
  }
  int64_t times_begun(const std::string& line) const {
    const Lines lines = begun();
    return std::count(lines.begin(), lines.end(), line);
  }
  GroupState group() { return desk().state()->groups.at(0); }
  void wait_idle() {
    wait_until([&] { return group().ready > 0 && group().preloading == 0 && desk().state()->running == 0; });
  }

  const std::filesystem::path diary = folder / "diary";
};

}  // namespace

TEST_CASE("a worker preloads the models of its group in their order, once; one that fails is passed over") {
  PreloadRoom room({"sd/a", "sd/bad", "sd/c"});
  const auto diary_of_group = room.folder / "diary of the group";
  WorkerGroupSettings group = room.add_group("sandbox", "sd/odd");
  group.workers.preload = {"sd/odd"};
  group.workers.arguments = {ALICE_FAKE_WORKER, "--diary", diary_of_group.string()};
  room.settings.groups = {group};
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "--diary", room.diary.string()};
  room.wait_begun({"sd/a", "sd/bad", "sd/c"});
  room.wait_idle();
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  CHECK(room.begun() == Lines{"sd/a", "sd/bad", "sd/c", "job"});
  wait_until([&] { return lines_of(diary_of_group) == Lines{"sd/odd"}; });
}

TEST_CASE("a worker that preloads is ready, and a job goes first; then it goes on") {
  PreloadRoom room({"sd/slow", "sd/b"});
  room.wait_begun({"sd/slow"});
  wait_until([&] { return room.group().preloading == 1; });
  CHECK(room.desk().state()->not_ready.empty());
  const Job job = room.run({{"steps", 2}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.attempts == 1);
  room.wait_begun({"sd/slow", "job", "sd/slow"});
  room.close();  // at once, though the preload never ends
}

TEST_CASE("as many workers give their preload up as jobs wait") {
  PreloadRoom room({"sd/slow"});
  room.settings.workers.workers = 2;
  wait_until([&] { return room.desk().state()->workers == 2 && room.begun().size() == 2; });
  const Job hanging = room.submit({{"at", 1}, {"do", "hang"}});
  room.wait_begun({"sd/slow", "sd/slow", "job"});
  wait_until([&] { return room.group().preloading == 1; });  // the desk hears of it after the worker has begun
  const Job job = room.submit({{"steps", 1}});
  CHECK(room.wait_end(job.id).status == JobStatus::succeeded);
  room.wait_begun({"sd/slow", "sd/slow", "job", "job", "sd/slow"});
  CHECK(room.cancel(hanging.id).status == JobStatus::cancelling);
}

TEST_CASE("a fresh worker preloads again, but not what two died of; no job pays for it and the group does not rest") {
  PreloadRoom room({"sd/deadly", "sd/b"});
  room.settings.breaker = {1, std::chrono::milliseconds(60'000), std::chrono::milliseconds(60'000)};
  room.settings.workers.first_pause = std::chrono::milliseconds(1);
  const Job job = room.run({{"steps", 1}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.attempts == 1);
  wait_until([&] { return room.begun().back() == "sd/b"; });
  CHECK(room.times_begun("sd/deadly") == 2);
  CHECK(room.group().deaths == 2);
  CHECK_FALSE(room.group().rests_until.has_value());
}

TEST_CASE("a worker that dies of something else preloads the same again in the next") {
  PreloadRoom room({"sd/a", "sd/b"});
  room.wait_begun({"sd/a", "sd/b"});
  room.wait_idle();
  CHECK(room.run({{"steps", 1}, {"at", 1}, {"do", "die"}, {"attempts", 1}}).attempts == 2);
  wait_until([&] { return room.times_begun("sd/b") == 2; });
}

TEST_CASE("a worker that is silent while it preloads is killed, and a preload is not a start") {
  PreloadRoom room({"sd/hang"});
  room.settings.workers.start_timeout = std::chrono::milliseconds(2000);
  room.settings.workers.step_timeout = std::chrono::milliseconds(3000);
  wait_until([&] { return room.desk().state()->worker_ends.count("preload timeout") == 1; });
  CHECK(room.desk().state()->worker_ends.count("start timeout") == 0);
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("a worker describes itself anew while it preloads") {
  PreloadRoom room({"sd/slow"});
  room.wait_begun({"sd/slow"});
  const Json description = wait_for<Json>([&](Then<Json> then) { room.desk().refresh(std::move(then)); });
  CHECK(description.at("models").size() == 2);
  CHECK(room.group().preloading == 1);
}
