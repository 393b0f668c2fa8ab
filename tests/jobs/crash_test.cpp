// A process that is killed while it commits: every change that it was told is done must be there.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Adds, begins and ends jobs for ever; writes each id into `pipe` after its success was acknowledged.
[[noreturn]] void commit_for_ever(const std::string& file, int pipe) {
  const auto store = open_sqlite_job_store(file);
  for (;;) {
    const Job job = make_job();
    store->add(job);
    const auto attempt = store->begin(job.id, 1);
    if (!attempt || !store->succeed(make_succeeded(job), *attempt)) _exit(1);
    if (write(pipe, job.id.data(), job.id.size()) != static_cast<ssize_t>(job.id.size())) _exit(2);
  }
}

/// Lets a child commit, kills it after it has acknowledged `count` jobs or a little more. Returns what it acknowledged.
std::vector<std::string> acknowledged_before_kill(const std::string& file, size_t count, useconds_t more_us) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    commit_for_ever(file, ends[1]);
  }
  close(ends[1]);
  std::vector<std::string> ids;
  std::string id(32, '\0');
  const auto read_one = [&] {
    size_t got = 0;
    while (got < id.size()) {
      const ssize_t n = read(ends[0], id.data() + got, id.size() - got);
      if (n <= 0) return false;
      got += static_cast<size_t>(n);
    }
    ids.push_back(id);
    return true;
  };
  while (ids.size() < count) REQUIRE(read_one());
  usleep(more_us);
  kill(child, SIGKILL);
  while (read_one()) continue;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  return ids;
}

}  // namespace

TEST_CASE("what was acknowledged before kill -9 is there, and every job is in one piece") {
  const TempFolder folder;
  const std::string file = (folder / "jobs.sqlite").string();
  std::mt19937 random(7);
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 20; ++round) {
    const auto more = acknowledged_before_kill(file, 1 + random() % 20, random() % 3000);
    acknowledged.insert(acknowledged.end(), more.begin(), more.end());
    const auto store = open_sqlite_job_store(file);
    for (const std::string& id : acknowledged) REQUIRE(store->find(id)->status == JobStatus::succeeded);
    for (const Job& job : store->list({100'000}))
      REQUIRE(job.pictures.size() == (job.status == JobStatus::succeeded ? 2u : 0u));
  }
}
