#include "server/front/job_desk.h"

#include "tests/front/desk_room.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("a job runs from its request to its pictures") {
  DeskRoom room;
  const Job queued = room.submit({{"steps", 3}}, 2);
  CHECK(queued.status == JobStatus::queued);
  CHECK(queued.request.generate.seed.has_value());
  const Job job = room.wait_end(queued.id);
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.attempts == 1);
  CHECK(job.worker_deaths == 0);
  REQUIRE(job.pictures.size() == 2);
  CHECK(job.pictures[1].seed == *queued.request.generate.seed + 1);
  CHECK(bytes_of(room.settings.images_directory / job.pictures[1].file) ==
        "picture of seed " + std::to_string(job.pictures[1].seed));
  CHECK(job.settings.at("model") == "sd/tiny");
  CHECK(job.warnings == std::vector<std::string>{"/eta: has no effect"});
}

TEST_CASE("a job that kills its worker goes on with the next and keeps what was computed") {
  DeskRoom room;
  const Job job = room.run({{"steps", 6}, {"at", 4}, {"do", "die"}, {"attempts", 1}});
  CHECK(job.status == JobStatus::succeeded);
  CHECK(job.attempts == 2);
  CHECK(job.worker_deaths == 1);
  CHECK(job.resumed_from == 3);
  CHECK(room.desk().state()->worker_ends.at("SIGSEGV") == 1);
}
