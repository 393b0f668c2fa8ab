// A disk without room, by a limit on the size of this process's files.

#include <signal.h>
#include <sys/resource.h>

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

/// No file may grow beyond `bytes` while this lives.
class FileLimit {
 public:
  explicit FileLimit(size_t bytes) {
    signal(SIGXFSZ, SIG_IGN);  // EFBIG instead
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

}  // namespace

TEST_CASE("a full disk is an error, nothing that was acknowledged is lost, and the store works when there is room") {
  const TempFolder folder;
  const std::string file = (folder / "jobs.sqlite").string();
  const auto store = open_sqlite_job_store(file);
  const Job running = make_job();
  store->add(running);
  REQUIRE(store->begin(running.id, 1) == 1);
  std::vector<std::string> acknowledged = {running.id};
  {
    const FileLimit limit(300'000);
    const auto fill = [&] {
      for (;;) {
        const Job job = make_job();
        store->add(job);
        acknowledged.push_back(job.id);
      }
    };
    const Error error = error_of(fill);
    CHECK(error.code() == ErrorCode::storage_failed);
    CHECK(error.place() == file);
    CHECK(acknowledged.size() > 10);
    CHECK(error_of([&] { store->succeed(make_succeeded(running), 1); }).code() == ErrorCode::storage_failed);
    CHECK(store->find(running.id)->status == JobStatus::running);
  }
  store->recover();
  CHECK(store->succeed(make_succeeded(running), 1));
  store->add(make_job());
  CHECK(store->list({10'000}).size() == acknowledged.size() + 1);
  for (const std::string& id : acknowledged) CHECK(store->find(id).has_value());
}
