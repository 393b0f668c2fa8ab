// What goes by itself. Every store must do it alike: written against the interface.

#include "server/jobs/retention.h"

#include "server/jobs/job_store.h"
#include "tests/jobs/job_makers.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr int64_t kNow = 1'000'000'000;
constexpr int64_t kBytesOfJob = 1000 + 1001;  // make_picture()

/// A store with jobs "00" to "09", of which job k succeeded k seconds before kNow minus 10 s, and is older the smaller k;
/// "05" is still running and "07" waits.
struct Room {
  TempFolder folder;
  std::unique_ptr<JobStore> store = open_sqlite_job_store((folder / "jobs.sqlite").string());

  Room() {
    for (int k = 0; k < 10; ++k) {
      const Job job = make_job("0" + std::to_string(k));
      store->add(job);
      if (k == 7) continue;
      REQUIRE(store->begin(job.id, 1) == 1);
      if (k == 5) continue;
      Job done = make_succeeded(job);
      done.finished_ms = kNow - (10 - k) * 1000;
      REQUIRE(store->succeed(done, 1));
    }
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> list;
    for (const Job& job : store->list({100, ""})) list.insert(list.begin(), job.id);
    return list;
  }
  /// Files of pictures that are there.
  int64_t pictures() const {
    int64_t count = 0;
    for (const Job& job : store->list({100, ""}))
      for (const PictureFile& picture : job.pictures) count += !picture.removed_ms.has_value();
    return count;
  }
};

template <class Expired>
std::vector<RetentionReason> reasons(const std::vector<Expired>& expired) {
  std::vector<RetentionReason> list;
  for (const auto& one : expired) list.push_back(one.reason);
  return list;
}

RetentionRule age(int64_t ms) { return {ms, std::nullopt, std::nullopt}; }
RetentionRule count(int64_t most) { return {std::nullopt, most, std::nullopt}; }
RetentionRule bytes(int64_t most) { return {std::nullopt, std::nullopt, most}; }

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("without a rule everything stays") {
  Room room;
  CHECK(RetentionRule().keeps_all());
  CHECK(room.store->expire_jobs({}, kNow, 100).empty());
  CHECK(room.store->expire_pictures({}, kNow, 100).empty());
  CHECK(room.ids().size() == 10);
}

TEST_CASE("jobs that are too old go with their pictures; those that wait or run stay, however old") {
  Room room;
  const auto expired = room.store->expire_jobs(age(3500), kNow, 100);
  CHECK(room.ids() == Ids{"05", "07", "08", "09"});
  REQUIRE(expired.size() == 6);
  CHECK(expired[0].id == "00");
  REQUIRE(expired[0].pictures.size() == 2);
  CHECK(expired[0].pictures[1].file == "00-1.png");
  CHECK(reasons(expired) == std::vector<RetentionReason>(6, RetentionReason::age));
  CHECK_FALSE(room.store->find_picture("00-1.png").has_value());
  CHECK(room.store->find_picture("09-1.png").has_value());
}

TEST_CASE("of too many jobs the oldest go, and only those that have ended are counted") {
  Room room;
  const auto expired = room.store->expire_jobs(count(3), kNow, 100);
  CHECK(room.ids() == Ids{"05", "06", "07", "08", "09"});
  CHECK(reasons(expired) == std::vector<RetentionReason>(5, RetentionReason::count));
}

TEST_CASE("jobs go until the database is small enough, or none is left that may") {
  Room room;
  CHECK(room.store->expire_jobs(bytes(100'000'000), kNow, 100).empty());
  const auto expired = room.store->expire_jobs(bytes(1), kNow, 100);
  CHECK(expired.size() == 8);
  CHECK(reasons(expired) == std::vector<RetentionReason>(8, RetentionReason::bytes));
  CHECK(room.ids() == Ids{"05", "07"});
}

TEST_CASE("a portion is no more than was asked for, and the next goes on") {
  Room room;
  CHECK(room.store->expire_jobs(count(0), kNow, 3).size() == 3);
  CHECK(room.ids().front() == "03");
  CHECK(room.store->expire_jobs(count(0), kNow, 3).size() == 3);
  CHECK(room.store->expire_jobs(count(0), kNow, 3).size() == 2);
  CHECK(room.store->expire_jobs(count(0), kNow, 3).empty());
}

TEST_CASE("pictures that go leave their job, which says when they went") {
  Room room;
  const auto expired = room.store->expire_pictures(age(3500), kNow, 100);
  CHECK(expired.size() == 12);
  CHECK(expired[0].picture.file == "00-0.png");
  CHECK(reasons(expired) == std::vector<RetentionReason>(12, RetentionReason::age));
  CHECK(room.ids().size() == 10);
  CHECK(room.store->find("00")->pictures.at(1).removed_ms == kNow);
  CHECK(room.store->find_picture("00-1.png")->picture.removed_ms == kNow);
  CHECK_FALSE(room.store->find("09")->pictures.at(1).removed_ms.has_value());
  CHECK(room.store->expire_pictures(age(3500), kNow + 1, 100).empty());
  CHECK(room.store->expire_jobs(age(3500), kNow, 1)[0].pictures.empty());  // their files are gone already
}

TEST_CASE("pictures go by number and by bytes, the oldest first, and no further than the rule says") {
  Room by_number, by_bytes;
  CHECK(by_number.store->expire_pictures(count(5), kNow, 100).size() == 11);
  CHECK(by_number.pictures() == 5);
  const auto expired = by_bytes.store->expire_pictures(bytes(2 * kBytesOfJob), kNow, 100);
  CHECK(by_bytes.pictures() == 4);
  CHECK(reasons(expired) == std::vector<RetentionReason>(12, RetentionReason::bytes));
  CHECK(by_bytes.store->expire_pictures(bytes(2 * kBytesOfJob), kNow, 100).empty());
}

TEST_CASE("retention holds after a restart") {
  Room room;
  room.store->expire_pictures(count(2), kNow, 100);
  room.store.reset();
  room.store = open_sqlite_job_store((room.folder / "jobs.sqlite").string());
  CHECK(room.pictures() == 2);
}

TEST_CASE("what somebody keeps stays, jobs and pictures, and the next older ones go in its place") {
  Room room;
  REQUIRE(room.store->keep("00", true));
  REQUIRE(room.store->keep("02", true));
  CHECK(room.store->expire_pictures(count(10), kNow, 100).size() == 6);  // of 16
  for (const char* id : {"00", "02"}) {
    const Job job = room.store->find(id).value();
    for (const PictureFile& picture : job.pictures) CHECK_FALSE(picture.removed_ms.has_value());
  }
  room.store->expire_jobs(age(0), kNow, 100);
  CHECK(room.ids() == std::vector<std::string>{"00", "02", "05", "07"});
}

TEST_CASE("what is younger than the rule spares stays, however many there are") {
  Room room;
  RetentionRule rule = count(0);
  rule.spared_ms = 4500;  // jobs 06, 08 and 09 are younger
  CHECK(room.store->expire_pictures(rule, kNow, 100).size() == 10);
  room.store->expire_jobs(rule, kNow, 100);
  CHECK(room.ids() == std::vector<std::string>{"05", "06", "07", "08", "09"});
  CHECK(room.pictures() == 6);
}

TEST_CASE("a preview of a sweep names what the sweep then takes, and takes nothing itself") {
  Room room;
  REQUIRE(room.store->keep("01", true));
  Retention retention;
  retention.jobs = age(8500);
  retention.pictures = bytes(2 * kBytesOfJob);
  const SweepPreview preview = room.store->preview_sweep(retention, kNow);
  CHECK((preview.use.jobs == 8 && preview.use.kept_jobs == 1 && preview.use.pictures == 16));
  CHECK(preview.use.picture_bytes == 8 * kBytesOfJob);
  CHECK(room.ids().size() == 10);
  CHECK(room.pictures() == 16);

  const auto reader = open_sqlite_job_reader((room.folder / "jobs.sqlite").string());
  CHECK(reader->preview_sweep(retention, kNow).pictures.size() == preview.pictures.size());
  const auto jobs = room.store->expire_jobs(retention.jobs, kNow, 100);
  const auto pictures = room.store->expire_pictures(retention.pictures, kNow, 100);
  REQUIRE((jobs.size() == preview.jobs.size() && pictures.size() == preview.pictures.size()));
  CHECK_FALSE((jobs.empty() || pictures.empty()));
  for (size_t k = 0; k < jobs.size(); ++k) CHECK(jobs[k].id == preview.jobs[k].id);
  for (size_t k = 0; k < pictures.size(); ++k) CHECK(pictures[k].picture.file == preview.pictures[k].picture.file);
  CHECK(reasons(pictures) == reasons(preview.pictures));
}
