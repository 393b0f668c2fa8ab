#pragma once
// What tests of stores have in common: every store there is, and jobs in every state.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

namespace alice::test {

/// Opens the store of a folder; a second call, after the first store is gone, opens the same again.
using Open = std::function<std::unique_ptr<JobStore>()>;

inline void with_each_store(const std::function<void(const Open&)>& check) {
  SECTION("SQLite") {
    const TempFolder folder;
    check([&] { return open_sqlite_job_store((folder / "jobs.sqlite").string()); });
  }
}

/// The ids of `jobs`.
inline std::vector<std::string> ids(const std::vector<Job>& jobs) {
  std::vector<std::string> list;
  for (const Job& job : jobs) list.push_back(job.id);
  return list;
}

using Ids = std::vector<std::string>;

/// A job brought to `status`; its only attempt is 1.
inline Job brought_to(JobStore& store, JobStatus status, const std::string& id = new_job_id()) {
  const Job job = make_job(id);
  store.add(job);
  if (status == JobStatus::queued) return job;
  REQUIRE(store.begin(id, 10) == 1);
  if (status == JobStatus::succeeded) REQUIRE(store.succeed(make_succeeded(job), 1));
  if (status == JobStatus::failed) REQUIRE(store.fail(id, 1, {ErrorCode::out_of_memory, "/width", "no"}, 20, false));
  if (status == JobStatus::cancelling || status == JobStatus::cancelled) REQUIRE(store.cancel(id, 20));
  if (status == JobStatus::cancelled) REQUIRE(store.let_go(id, 25));
  return job;
}

}  // namespace alice::test
