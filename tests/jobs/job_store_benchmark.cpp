// How quick a large store is. Prints figures, checks none: `build/tests/test-jobs "[benchmark]"`.

#include <chrono>
#include <cstdio>

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// Mean microseconds of `count` calls.
template <class Action>
void measure(const char* what, int count, Action&& action) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) action(i);
  const std::chrono::duration<double, std::micro> time = std::chrono::steady_clock::now() - begin;
  std::printf("%-36s %9.1f us\n", what, time.count() / count);
}

}  // namespace

TEST_CASE("a store of 100,000 jobs", "[.benchmark]") {
  constexpr int kJobs = 100'000, kTimes = 1000;
  const TempFolder folder;
  const std::string file = (folder / "jobs.sqlite").string();
  auto store = open_sqlite_job_store(file);
  std::vector<std::string> ids;
  measure("add", kJobs, [&](int) {
    const Job job = make_job();
    store->add(job);
    ids.push_back(job.id);
  });
  measure("begin", kTimes, [&](int i) { store->begin(ids[i * 97], 1); });
  measure("succeed", kTimes, [&](int i) {
    Job job = make_job(ids[i * 97]);
    store->succeed(make_succeeded(job), 1);
  });
  measure("find", kTimes, [&](int i) { store->find(ids[i * 89]); });
  measure("find a picture", kTimes, [&](int i) { store->find_picture(ids[i * 97] + "-1.png"); });
  measure("list 50, newest", kTimes, [&](int) { store->list({50, ""}); });
  measure("list 50, in the middle", kTimes, [&](int i) { store->list({50, ids[i * 89 + 100]}); });
  measure("list 50 that succeeded", kTimes, [&](int i) { store->list({50, ids[i * 89 + 100], JobStatus::succeeded}); });
  measure("unfinished (99,000 of them)", 1, [&](int) { store->unfinished(); });
  store.reset();
  measure("open", 1, [&](int) { store = open_sqlite_job_store(file); });
}
