// Lists of jobs are read beside the desk.

#include "server/front/job_reader.h"

#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>

#include "server/front/announcing_store.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

Job job_of(const std::string& id) {
  Job job;
  job.id = id;
  job.request.generate.prompt = "a cat";
  return job;
}

Outcome<std::vector<Job>> list(JobReader& reader) {
  auto promise = std::make_shared<std::promise<Outcome<std::vector<Job>>>>();
  reader.list({10}, [promise](Outcome<std::vector<Job>> outcome) { promise->set_value(outcome); });
  return promise->get_future().get();
}

std::string only_id(JobReader& reader) { return std::get<std::vector<Job>>(list(reader)).at(0).id; }

}  // namespace

TEST_CASE("a reader sees what the store has written, also in a database that took the place of another") {
  const TempFolder folder;
  const std::string file = (folder / "jobs.sqlite").string();
  auto store = open_sqlite_job_store(file);
  const StateBoard board;
  JobReader reader(file, board);
  store->add(job_of("01"));
  CHECK(only_id(reader) == "01");
  store->cancel("01", 5);
  CHECK(std::get<std::vector<Job>>(list(reader)).at(0).status == JobStatus::cancelled);

  store.reset();
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
  CHECK(std::get<Error>(list(reader)).code() == ErrorCode::storage_failed);
  store = open_sqlite_job_store(file);
  store->add(job_of("02"));
  CHECK(only_id(reader) == "02");
  reader.stop();
  CHECK(std::get<Error>(list(reader)).code() == ErrorCode::busy);
}

TEST_CASE("only so many wait for a list") {
  const TempFolder folder;
  const std::string file = (folder / "jobs.sqlite").string();
  const auto store = open_sqlite_job_store(file);
  const StateBoard board;
  JobReader reader(file, board);
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  std::atomic<int> listed{0}, refused{0};
  for (int i = 0; i < 200; ++i)
    reader.list({1}, [&listed, &refused, gone](const auto& outcome) {
      if (std::holds_alternative<Error>(outcome)) return void(++refused);
      gone.wait();
      ++listed;
    });
  CHECK(refused >= 200 - 66);  // 64 wait, one is at work, and one may have come between
  go.set_value();
  reader.stop();
  CHECK(listed + refused == 200);
}

TEST_CASE("a status that the board does not count yet is told when it does") {
  const TempFolder folder;
  const std::string file = (folder / "jobs.sqlite").string();
  StateBoard board;
  AnnouncingStore store(open_sqlite_job_store(file), board);
  JobReader reader(file, board);
  store.add(job_of("01"));
  auto answer = std::async(std::launch::async, [&] { return list(reader); });
  CHECK(answer.wait_for(std::chrono::milliseconds(200)) == std::future_status::timeout);
  board.tell([](ServerState& state) { state.queued = 1; });
  CHECK(std::get<std::vector<Job>>(answer.get()).size() == 1);

  store.cancel("02", 5);  // there is none: nothing was written, so nobody waits
  CHECK(only_id(reader) == "01");
}
