#include "server/jobs/job.h"

#include <set>

#include "tests/support/catch.h"

using namespace alice;

TEST_CASE("each status has a word, and each word its status") {
  const std::set<JobStatus> going_on = {JobStatus::queued, JobStatus::running, JobStatus::cancelling};
  const std::set<JobStatus> over = {JobStatus::succeeded, JobStatus::failed, JobStatus::cancelled};
  for (const auto* some : {&going_on, &over})
    for (const JobStatus status : *some) {
      CHECK(job_status_from(to_string(status)) == status);
      CHECK(has_ended(status) == (some == &over));
    }
  CHECK(job_status_words().size() == going_on.size() + over.size());
  CHECK_FALSE(job_status_from("done").has_value());
  CHECK_FALSE(job_status_from("").has_value());
}

TEST_CASE("ids are 32 hex digits, each above the one before, and their last 20 tell nothing of the next") {
  std::set<std::string> tails;
  std::string last;
  for (int i = 0; i < 5000; ++i) {
    const std::string id = new_job_id();
    REQUIRE(id.size() == 32);
    REQUIRE(id.find_first_not_of("0123456789abcdef") == std::string::npos);
    REQUIRE(id > last);
    tails.insert(id.substr(12));
    last = id;
  }
  CHECK(tails.size() == 5000);
}

TEST_CASE("ids begin above the greatest of before, whatever the clock says") {
  const std::string far = "fffffff00000" + std::string(20, 'f');
  for (const std::string& none : {std::string(), std::string("zz"), std::string("fffffff0000"), std::string(32, 'x')})
    ids_begin_above(none);
  CHECK(new_job_id() < far);
  ids_begin_above(far);
  const std::string next = new_job_id();
  CHECK(next > far);
  ids_begin_above("000000000001" + std::string(20, '0'));
  CHECK(new_job_id() > next);
}
