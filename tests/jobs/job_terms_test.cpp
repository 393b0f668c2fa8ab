// Labels, turns, deadlines, quotas and keeping: what every JobStore must do with them, written against the interface.

#include "tests/jobs/each_store.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("jobs are listed by their label, of one owner or of all, and by status") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const auto add = [&](const std::string& id, const std::string& owner, const std::string& label) {
      Job job = make_job(id);
      job.request.owner = owner, job.request.terms.label = label;
      store->add(job);
    };
    add("01", "ann", "set"), add("02", "bob", "set"), add("03", "ann", ""), add("04", "ann", "set");
    REQUIRE(store->cancel("01", 5));
    CHECK(ids(store->list({10, "", {}, {}, "set"})) == Ids{"04", "02", "01"});
    CHECK(ids(store->list({10, "04", {}, {}, "set"})) == Ids{"02", "01"});
    CHECK(ids(store->list({10, "", {}, "ann", "set"})) == Ids{"04", "01"});
    CHECK(ids(store->list({10, "", JobStatus::queued, "ann", "set"})) == Ids{"04"});
    CHECK(store->list({10, "", {}, {}, "another"}).empty());
    CHECK(store->find("03")->request.terms.label.empty());
  });
}

TEST_CASE("a job that comes gives others their new turns with it, and those that do not wait keep theirs") {
  with_each_store([](const Open& open) {
    {
      const auto store = open();
      for (const char* id : {"01", "02", "03"}) {
        Job job = make_job(id);
        job.turn = 10;
        store->add(job);
      }
      REQUIRE(store->begin("02", 1) == 1);
      Job urgent = make_job("04");
      urgent.turn = 9;
      store->add(urgent, {{{"01", 12}, {"02", 13}}, 0});
    }
    const auto store = open();
    CHECK(store->find("01")->turn == 12);
    CHECK(store->find("02")->turn == 10);
    CHECK(ids(store->unfinished()) == Ids{"04", "02", "03", "01"});
  });
}

TEST_CASE("a job that is cancelled by the server says why, and one whose owner wanted it says nothing") {
  with_each_store([](const Open& open) {
    const auto store = open();
    brought_to(*store, JobStatus::queued, "01");
    brought_to(*store, JobStatus::running, "02");
    brought_to(*store, JobStatus::running, "03");
    const JobError late = {ErrorCode::cancelled, "/deadline_seconds", "too late"};
    CHECK((store->cancel("01", 5, late) && store->cancel("02", 5, late) && store->cancel("03", 5)));
    CHECK((store->let_go("02", 6) && store->let_go("03", 6)));
    for (const char* id : {"01", "02"}) {
      const Job job = store->find(id).value();
      CHECK(job.status == JobStatus::cancelled);
      CHECK(job.error.value().code == ErrorCode::cancelled);
      CHECK((job.error->place == late.place && job.error->sentence == late.sentence));
    }
    CHECK_FALSE(store->find("03")->error.has_value());
  });
}

TEST_CASE("the pictures of a day are reserved when a job comes, and given back when nothing comes of it") {
  with_each_store([](const Open& open) {
    const auto store = open();
    int64_t now = 1'000'000'000'000;
    const auto add = [&](const std::string& id, int64_t pictures, const std::string& owner = "ann") {
      Job job = make_job(id);
      job.request.owner = owner, job.request.generate.n = pictures, job.created_ms = now;
      store->add(job, {{}, 10});
    };
    add("01", 6), add("02", 4);
    const Error error = error_of([&] { add("03", 1); });
    CHECK(error.code() == ErrorCode::busy);
    CHECK(error.place() == kQuotaPlace);
    CHECK(says(error.sentence(), "10 pictures"));
    CHECK_FALSE(store->find("03").has_value());
    add("04", 10, "bob");  // who has his own
    REQUIRE(store->cancel("02", now));
    add("05", 4);
    REQUIRE(store->begin("05", now) == 1);
    REQUIRE(store->fail("05", 1, {ErrorCode::internal, "", ""}, now, false));
    add("06", 3);
    REQUIRE(store->begin("06", now) == 1);
    REQUIRE(store->succeed(make_succeeded(store->find("06").value()), 1));
    CHECK(error_of([&] { add("07", 2); }).place() == kQuotaPlace);
    store->expire_jobs({std::nullopt, 0, std::nullopt}, now, 100);  // what is forgotten was asked for all the same
    REQUIRE_FALSE(store->find("06").has_value());
    CHECK(error_of([&] { add("07", 2); }).place() == kQuotaPlace);
    now += 24 * 3600 * 1000;
    add("08", 10);
  });
}

TEST_CASE("a job is kept until it is let go, across a restart") {
  with_each_store([](const Open& open) {
    {
      const auto store = open();
      brought_to(*store, JobStatus::succeeded, "01");
      CHECK(store->keep("01", true));
      CHECK_FALSE(store->keep("99", true));
    }
    const auto store = open();
    CHECK(store->find("01")->is_kept);
    CHECK(store->keep("01", false));
    CHECK_FALSE(store->find("01")->is_kept);
  });
}
