// Plugins that change while the server runs.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;
using Reloaded = GroupReload::Outcome;

namespace {

/// A desk whose workers load one plugin.
class PluginRoom : public DeskRoom {
 public:
  explicit PluginRoom(size_t workers = 1) {
    replace("1.0");
    settings.workers.workers = workers;
    settings.workers.plugins = {file};
    settings.workers.arguments = {ALICE_FAKE_WORKER, "--plugin", file.string()};
  }

  /// As a linker does: another file in the place of the old one.
  void replace(const std::string& version) {
    folder.write("new.so", version);
    std::filesystem::rename(folder / "new.so", file);
  }
  /// As a careless copy does: the old file is emptied and written to.
  void overwrite(const std::string& version) { folder.write("fake.so", version); }

  std::string version() {
    const Json libraries = desk().state()->description.value("plugins", Json::object()).value("plugins", Json::array());
    return libraries.empty() ? "" : libraries.at(0).value("version", "");
  }

  const std::filesystem::path file = folder / "fake.so";
};

int64_t open_files() {
  int64_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

int64_t resident_bytes() {
  int64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

int reloads() {
  const char* count = std::getenv("ALICE_RELOADS");
  return count != nullptr ? std::atoi(count) : 20;
}

}  // namespace

TEST_CASE("a changed plugin is taken up by fresh workers, and nothing is done when none has changed") {
  PluginRoom room(2);
  wait_until([&] { return room.desk().state()->workers == 2; });
  CHECK(room.reload().at(0).outcome == Reloaded::unchanged);
  room.replace("2.0");
  const GroupReload reloaded = room.reload().at(0);
  CHECK(reloaded.outcome == Reloaded::loaded);
  CHECK(reloaded.libraries.at(0).at("version") == "2.0");
  CHECK(room.version() == "2.0");
  CHECK(room.desk().state()->workers == 2);
  CHECK(room.reload().at(0).outcome == Reloaded::unchanged);
  wait_until([&] { return room.desk().state()->worker_ends == std::map<std::string, int64_t>{{"replaced", 2}}; });
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("the old worker finishes its job and leaves, while the fresh one takes the next") {
  PluginRoom room;
  const Job old = room.submit({{"steps", 1000}, {"step_ms", 5}});
  wait_until([&] { return room.desk().state()->running == 1; });
  room.replace("2.0");
  CHECK(room.reload().at(0).outcome == Reloaded::loaded);
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  CHECK(room.desk().state()->worker_ends.empty());
  const Job end = room.wait_end(old.id);
  CHECK(end.status == JobStatus::succeeded);
  CHECK(end.attempts == 1);
  wait_until([&] { return room.desk().state()->worker_ends.count("replaced") == 1; });
}

TEST_CASE("a library that is refused, kills or hangs its worker is refused with the reason, and the old worker stays") {
  PluginRoom room;
  room.settings.workers.start_timeout = std::chrono::milliseconds(1500);
  room.wait_ready();
  struct Case {
    const char *version, *reason;
  };
  for (const Case& one :
       {Case{"torn", "fake.so: is a damaged library"}, Case{"die", "the worker ended by SIGKILL"},
        Case{"die", "while it loaded the plugin"}, Case{"hang", "did not describe itself within 1.5 s"}}) {
    INFO(one.reason);
    room.replace(one.version);
    const GroupReload reloaded = room.reload().at(0);
    CHECK(reloaded.outcome == Reloaded::refused);
    CHECK(says(reloaded.reason, one.reason));
    CHECK(room.version() == "1.0");
    CHECK(room.desk().state()->workers == 1);
    CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  }
  std::filesystem::remove(room.file);
  CHECK(says(room.reload().at(0).reason, "is a damaged library"));
  room.replace("2.0");
  CHECK(room.reload().at(0).outcome == Reloaded::loaded);
  CHECK(room.version() == "2.0");
}

TEST_CASE("a worker that dies while its library is half written costs its job nothing but time") {
  PluginRoom room;
  room.settings.workers.first_pause = std::chrono::milliseconds(1);
  room.wait_ready();
  room.overwrite("torn");
  const Job job = room.submit({{"steps", 3}, {"at", 2}, {"do", "die"}, {"attempts", 1}});
  wait_until([&] { return room.desk().state()->worker_ends.count("refused") == 1; });
  room.overwrite("2.0");
  const Job end = room.wait_end(job.id);
  CHECK(end.status == JobStatus::succeeded);
  CHECK(end.worker_deaths == 1);
}

TEST_CASE("a watched library is taken up when it has changed and kept still, and a half-written one is not") {
  PluginRoom room;
  room.settings.watch_plugins = std::chrono::milliseconds(30);
  room.wait_ready();
  room.replace("2.0");
  wait_until([&] { return room.version() == "2.0"; });
  room.overwrite("torn");
  wait_until([&] { return room.desk().state()->worker_ends.count("refused") == 1; });
  CHECK(room.version() == "2.0");
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
  room.overwrite("3.0");
  wait_until([&] { return room.version() == "3.0"; });
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("a mended plugin ends its group's rest") {
  PluginRoom room;
  room.settings.breaker = {2, std::chrono::seconds(60), std::chrono::seconds(600)};
  room.settings.job_attempts = 2;
  CHECK(room.run({{"at", 1}, {"do", "die"}}).status == JobStatus::failed);
  wait_until([&] { return room.desk().state()->groups.at(0).rests_until.has_value(); });
  CHECK(error_of([&] { room.submit({{"steps", 1}}); }).code() == ErrorCode::busy);
  room.replace("2.0");
  CHECK(room.reload().at(0).outcome == Reloaded::loaded);
  CHECK(room.run({{"steps", 1}}).status == JobStatus::succeeded);
}

TEST_CASE("reloads under load lose no job, and leave no file open") {
  constexpr int kWarmUp = 5;
  PluginRoom room(2);
  room.settings.queue_size = 1'000'000;
  wait_until([&] { return room.desk().state()->workers == 2; });
  std::vector<std::string> jobs;
  int64_t files = 0, bytes = 0;
  for (int i = 0; i < kWarmUp + reloads(); ++i) {
    for (int k = 0; k < 3; ++k) jobs.push_back(room.submit({{"steps", 3}, {"step_ms", 1}}).id);
    room.replace("2." + std::to_string(i));
    CHECK(room.reload().at(0).outcome == Reloaded::loaded);
    if (i + 1 != kWarmUp) continue;
    files = open_files();
    bytes = resident_bytes();
  }
  for (const std::string& id : jobs) {
    const Job job = room.wait_end(id);
    CHECK(job.status == JobStatus::succeeded);
    CHECK(job.attempts == 1);
  }
  wait_until([&] { return open_files() <= files; });
  WARN(reloads() << " reloads, " << jobs.size() << " jobs: memory grew by " << resident_bytes() - bytes << " bytes, "
                 << files << " files were open before and " << open_files() << " after");
#ifndef __SANITIZE_ADDRESS__
  CHECK(resident_bytes() - bytes < 16'000'000);
#endif
}
