// Refreshes: whoever calls, a worker looks once at a time; and a model that workers die of is passed over.

#include <signal.h>

#include <fstream>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

class LookRoom : public DeskRoom {
 public:
  /// A model that workers look at before they are ready.
  void add_model(const std::string& name, const std::string& stamp, const std::string& way) {
    settings.workers.arguments.insert(settings.workers.arguments.end(),
                                      {"--look", write_model(name, stamp, way).string()});
  }
  std::filesystem::path write_model(const std::string& name, const std::string& stamp, const std::string& way) {
    return folder.write(name, stamp + " " + way);
  }
  Json refresh() {
    return wait_for<Json>([&](Then<Json> then) { desk().refresh(std::move(then)); });
  }
  /// What the server says of a model: "" when it can be used, else why not.
  std::string unavailable(const std::string& id) {
    const Json description = desk().state()->description;
    for (const Json& model : description.at("models"))
      if (model.at("id") == id) return model.value("unavailable", "");
    return "is not there";
  }
  size_t descriptions() const {
    std::ifstream diary((folder / "diary").string());
    size_t count = 0;
    for (std::string line; std::getline(diary, line);) count += line == "describe" ? 1 : 0;
    return count;
  }
  void keep_diary() {
    settings.workers.arguments.insert(settings.workers.arguments.end(), {"--diary", (folder / "diary").string()});
  }
};

}  // namespace

TEST_CASE("callers who come while a worker looks share its next look, and beyond a hundred they are refused") {
  LookRoom room;
  room.keep_diary();
  room.add_model("a", "1", "slow");
  room.wait_ready();
  std::mutex mutex;
  std::vector<Outcome<Json>> outcomes;
  constexpr size_t kCalls = 150;
  for (size_t i = 0; i < kCalls; ++i)
    room.desk().refresh([&](Outcome<Json> outcome) {
      const std::lock_guard lock(mutex);
      outcomes.push_back(std::move(outcome));
    });
  wait_until([&] {
    const std::lock_guard lock(mutex);
    return outcomes.size() == kCalls;
  });
  size_t refused = 0;
  for (const auto& outcome : outcomes)
    if (const auto* error = std::get_if<Error>(&outcome)) {
      CHECK(error->code() == ErrorCode::busy);
      ++refused;
    }
  CHECK(refused == kCalls - 101);  // one that asked, a hundred that waited
  CHECK(room.descriptions() == 3);  // the first of all, the one that was asked for, and the shared one
  CHECK(room.refresh().at("models").size() == 3);
}

TEST_CASE("a refresh of a worker that is stopped ends, and so do those behind it") {
  LookRoom room;
  room.settings.workers.start_timeout = std::chrono::milliseconds(2000);
  room.wait_ready();
  ::kill(room.refresh().at("pid").get<pid_t>(), SIGSTOP);
  std::atomic<int> ended{0};
  for (int i = 0; i < 5; ++i) {  // each of them later than the one before: none gives it more time
    room.desk().refresh([&](const Outcome<Json>&) { ++ended; });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
  wait_until([&] { return ended == 5; });
  CHECK(room.desk().state()->worker_ends == std::map<std::string, int64_t>{{"start timeout", 1}});
}

TEST_CASE("a model that ends or holds the worker that looks at it is unavailable, and the server is ready") {
  for (const auto& [way, reason] : {std::pair("die", "ends the worker (SIGABRT) while its files are looked at"),
                                    std::pair("hang", "hangs while its files are looked at"),
                                    std::pair("kill", "ends the worker (SIGKILL) while its files are looked at")}) {
    INFO(way);
    LookRoom room;
    room.settings.workers.first_pause = std::chrono::milliseconds(1);
    room.settings.workers.look_timeout = std::chrono::milliseconds(600);
    room.settings.breaker = {1, std::chrono::milliseconds(60'000), std::chrono::milliseconds(60'000)};
    room.add_model("good", "1", "well");
    room.add_model("bad", "1", way);
    room.add_model("other", "1", "well");
    room.wait_ready();
    CHECK(says(room.unavailable("sd/bad"), reason));
    CHECK(room.unavailable("sd/good").empty());
    CHECK(room.unavailable("sd/other").empty());
    CHECK(room.run({{"steps", 1}}, 1, "sd/good").status == JobStatus::succeeded);
    CHECK(error_of([&] { room.submit({{"steps", 1}}, 1, "sd/bad"); }).code() == ErrorCode::not_found);

    room.refresh();  // its files are the same: it is not looked at
    CHECK(says(room.unavailable("sd/bad"), reason));
    room.write_model("bad", "2", "well");
    room.refresh();
    CHECK(room.unavailable("sd/bad").empty());
  }
}

TEST_CASE("a model that hangs while a job runs costs the job no attempt") {
  LookRoom room;
  room.settings.job_attempts = 1;
  room.settings.workers.look_timeout = std::chrono::milliseconds(600);
  room.add_model("a", "1", "well");
  room.wait_ready();
  const Job job = room.submit({{"steps", 200}, {"step_ms", 10}}, 1, "sd/tiny");
  wait_until([&] { return room.desk().state()->running == 1; });
  room.write_model("a", "2", "hang");
  CHECK(error_of([&] { room.refresh(); }).code() == ErrorCode::busy);
  const Job end = room.wait_end(job.id);
  CHECK(end.status == JobStatus::succeeded);
  CHECK((end.worker_deaths == 0 && end.attempts == 2));
  CHECK(says(room.unavailable("sd/a"), "hangs"));
}

TEST_CASE("a model that came after the workers looked is found by the first request that names it") {
  LookRoom room;
  room.add_model("late", "", "");
  room.wait_ready();
  CHECK(error_of([&] { room.submit({{"steps", 1}}, 1, "sd/late"); }).code() == ErrorCode::not_found);
  room.write_model("late", "1", "well");
  CHECK(room.run({{"steps", 1}}, 1, "sd/late").status == JobStatus::succeeded);
  CHECK(room.unavailable("sd/late").empty());
}
