// What every JobStore must do, written against the interface. A second implementation is added to with_each_store().

#include "server/jobs/job_store.h"

#include <map>

#include "tests/jobs/each_store.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

namespace {

constexpr JobStatus kAll[] = {JobStatus::queued,    JobStatus::running, JobStatus::cancelling,
                              JobStatus::succeeded, JobStatus::failed,  JobStatus::cancelled};

/// Everything of a job that a store keeps, to compare.
Json written(const Job& job) {
  Json pictures = Json::array();
  for (const PictureFile& picture : job.pictures) pictures.push_back(picture_file_options().write(picture));
  const auto time = [](const std::optional<int64_t>& ms) { return ms ? Json(*ms) : Json(nullptr); };
  return {{"id", job.id},
          {"status", to_string(job.status)},
          {"request", write_generate_request(job.request.generate)},
          {"terms", {job.request.terms.label, job.request.terms.priority, time(job.request.terms.deadline_ms)}},
          {"kept", job.is_kept},
          {"preview_every", job.request.preview_every},
          {"request_id", job.request.request_id},
          {"owner", job.request.owner},
          {"turn", job.turn},
          {"attempts", job.attempts},
          {"worker_deaths", job.worker_deaths},
          {"created_ms", job.created_ms},
          {"started_ms", time(job.started_ms)},
          {"finished_ms", time(job.finished_ms)},
          {"pictures", pictures},
          {"error", job.error ? Json(job.error->place + job.error->sentence + to_string(job.error->code)) : Json()},
          {"warnings", job.warnings},
          {"settings", job.settings},
          {"resumed_from", job.resumed_from},
          {"estimate", job.estimate ? estimate_options().write(*job.estimate) : Json()}};
}

}  // namespace

TEST_CASE("what a job is to take is kept from when it is known, of the attempt that runs alone") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const Job job = make_job();
    const Estimate estimate{540, 3.5, 0.25, 20, 2, 12'000'000'000};
    store->add(job);
    CHECK_FALSE(store->note_estimate(job.id, 1, estimate));  // it waits
    const int64_t attempt = store->begin(job.id, 1).value();
    CHECK_FALSE(store->note_estimate(job.id, attempt + 1, estimate));
    CHECK_FALSE(store->find(job.id)->estimate.has_value());
    CHECK(store->note_estimate(job.id, attempt, estimate));
    Job done = make_succeeded(store->find(job.id).value());
    CHECK(store->succeed(done, attempt));
    const Job found = store->find(job.id).value();
    REQUIRE(found.estimate.has_value());
    CHECK(estimate_options().write(*found.estimate) == estimate_options().write(estimate));
  });
}

TEST_CASE("a job is read as it was added") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const Job job = make_job();
    store->add(job);
    CHECK(written(store->find(job.id).value()) == written(job));
    CHECK_FALSE(store->find("0123").has_value());
    CHECK_FALSE(store->find("").has_value());
    CHECK(store->newest_id() == job.id);
  });
}

TEST_CASE("a job's id is taken once") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const Job job = brought_to(*store, JobStatus::running);
    const Error error = error_of([&] { store->add(make_job(job.id)); });
    CHECK(error.code() == ErrorCode::internal);
    CHECK(store->find(job.id)->status == JobStatus::running);
  });
}

TEST_CASE("each change of status is legal from some and refused, without any effect, from all others") {
  with_each_store([](const Open& open) {
    const auto store = open();
    using Status = JobStatus;
    struct Change {
      std::string name;
      std::function<bool(const Job&)> make;
      std::map<Status, Status> becomes;  // of each from which it is legal
    };
    const std::vector<Change> changes = {
        {"begin",
         [&](const Job& job) { return store->begin(job.id, 30).has_value(); },
         {{Status::queued, Status::running}}},
        {"put_back",
         [&](const Job& job) { return store->put_back(job.id, 1, false); },
         {{Status::running, Status::queued}}},
        {"succeed",
         [&](const Job& job) { return store->succeed(make_succeeded(job), 1); },
         {{Status::running, Status::succeeded}}},
        {"fail",
         [&](const Job& job) { return store->fail(job.id, 1, {ErrorCode::internal, "", "x"}, 30, false); },
         {{Status::running, Status::failed}}},
        {"cancel",
         [&](const Job& job) { return store->cancel(job.id, 30); },
         {{Status::queued, Status::cancelled}, {Status::running, Status::cancelling}}},
        {"let_go",
         [&](const Job& job) { return store->let_go(job.id, 30); },
         {{Status::cancelling, Status::cancelled}}}};
    for (const Change& change : changes)
      for (const JobStatus from : kAll) {
        INFO(change.name << " of a job that is " << to_string(from));
        const Job job = brought_to(*store, from);
        const Json before = written(store->find(job.id).value());
        const auto to = change.becomes.find(from);
        CHECK(change.make(job) == (to != change.becomes.end()));
        const Job after = store->find(job.id).value();
        if (to == change.becomes.end()) {
          CHECK(written(after) == before);
          continue;
        }
        CHECK(after.status == to->second);
        CHECK(after.finished_ms.has_value() == has_ended(after.status));
      }
  });
}

TEST_CASE("changes of a job that is not there are refused") {
  with_each_store([](const Open& open) {
    const auto store = open();
    CHECK_FALSE(store->begin("none", 1).has_value());
    CHECK_FALSE(store->put_back("none", 1, true));
    CHECK_FALSE(store->succeed(make_succeeded(make_job("none")), 1));
    CHECK_FALSE(store->fail("none", 1, {}, 1, true));
    CHECK_FALSE(store->cancel("none", 1));
    CHECK_FALSE(store->let_go("none", 1));
    CHECK_FALSE(store->find("none").has_value());
  });
}

TEST_CASE("a word about another attempt than the one that runs changes nothing") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const Job job = brought_to(*store, JobStatus::running);
    REQUIRE(store->put_back(job.id, 1, true));
    REQUIRE(store->begin(job.id, 50) == 2);
    const Json before = written(store->find(job.id).value());
    for (const int64_t attempt : {0, 1, 3}) {
      INFO("attempt " << attempt);
      CHECK_FALSE(store->put_back(job.id, attempt, true));
      CHECK_FALSE(store->succeed(make_succeeded(job), attempt));
      CHECK_FALSE(store->fail(job.id, attempt, {}, 60, true));
      CHECK(written(store->find(job.id).value()) == before);
      CHECK_FALSE(store->find_picture(job.id + "-0.png").has_value());
    }
    CHECK(store->succeed(make_succeeded(job), 2));
  });
}

TEST_CASE("attempts, deaths and times are counted as they happen") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const Job job = make_job();
    store->add(job);
    CHECK(store->begin(job.id, 10) == 1);
    CHECK(store->put_back(job.id, 1, true));
    CHECK(store->begin(job.id, 20) == 2);
    CHECK(store->put_back(job.id, 2, false));
    CHECK(store->begin(job.id, 30) == 3);
    CHECK(store->fail(job.id, 3, {ErrorCode::bad_weights, "models/x", "is damaged"}, 40, true));
    const Job end = store->find(job.id).value();
    CHECK(end.attempts == 3);
    CHECK(end.worker_deaths == 2);
    CHECK(end.started_ms == 10);
    CHECK(end.finished_ms == 40);
    REQUIRE(end.error.has_value());
    CHECK(end.error->code == ErrorCode::bad_weights);
    CHECK(end.error->place == "models/x");
    CHECK(end.error->sentence == "is damaged");
  });
}

TEST_CASE("every kind of error is kept") {
  with_each_store([](const Open& open) {
    const auto store = open();
    for (const ErrorCode code : all_error_codes()) {
      const Job job = brought_to(*store, JobStatus::running);
      REQUIRE(store->fail(job.id, 1, {code, "", ""}, 1, false));
      CHECK(store->find(job.id)->error->code == code);
    }
  });
}

TEST_CASE("a succeeded job has its pictures, and each is found by its name") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const Job job = brought_to(*store, JobStatus::running);
    CHECK_FALSE(store->find_picture(job.id + "-1.png").has_value());
    Job expected = make_succeeded(job);
    REQUIRE(store->succeed(expected, 1));
    expected.status = JobStatus::succeeded, expected.attempts = 1, expected.started_ms = 10;
    CHECK(written(store->find(job.id).value()) == written(expected));
    const PictureFile picture = store->find_picture(job.id + "-1.png").value().picture;
    CHECK(picture_file_options().write(picture) == picture_file_options().write(expected.pictures[1]));
    CHECK_FALSE(store->find_picture("").has_value());
  });
}

TEST_CASE("jobs and pictures are their owner's, and lists are of one owner where that is asked for") {
  with_each_store([](const Open& open) {
    const auto store = open();
    for (const auto& [id, owner] : {std::pair("01", "ann"), {"02", "bob"}, {"03", "ann"}, {"04", ""}}) {
      Job job = make_job(id);
      job.request.owner = owner;
      store->add(job);
    }
    store->cancel("03", 20);
    CHECK(ids(store->list({10, "", {}, "ann"})) == Ids{"03", "01"});
    CHECK(ids(store->list({10, "03", {}, "ann"})) == Ids{"01"});
    CHECK(ids(store->list({1, "", {}, "ann"})) == Ids{"03"});
    CHECK(ids(store->list({10, "", JobStatus::queued, "ann"})) == Ids{"01"});
    CHECK(ids(store->list({10, "", {}, ""})) == Ids{"04"});
    CHECK(store->list({10, "", {}, "eve"}).empty());
    CHECK(ids(store->list({10})) == Ids{"04", "03", "02", "01"});
    REQUIRE(store->begin("02", 10) == 1);
    REQUIRE(store->succeed(make_succeeded(*store->find("02")), 1));
    CHECK(store->find_picture("02-1.png").value().owner == "bob");
  });
}

TEST_CASE("a request's key names one job of its owner's") {
  with_each_store([](const Open& open) {
    const auto store = open();
    Job job = make_job("01");
    job.request.owner = "ann", job.request.key = "k", job.fingerprint = "f";
    store->add(job);
    CHECK(store->find_by_key("ann", "k").value().id == "01");
    CHECK(store->find_by_key("ann", "k")->fingerprint == "f");
    CHECK(store->find_by_key("ann", "k")->request.key == "k");
    CHECK_FALSE(store->find_by_key("ann", "K").has_value());
    CHECK_FALSE(store->find_by_key("bob", "k").has_value());
    job.id = "02";
    CHECK(error_of([&] { store->add(job); }).code() == ErrorCode::internal);
    CHECK_FALSE(store->find("02").has_value());
    job.request.owner = "bob";
    store->add(job);
    CHECK(store->find_by_key("bob", "k")->id == "02");
    for (const char* id : {"03", "04"}) store->add(make_job(id));  // without keys there may be any number
    CHECK_FALSE(store->find_by_key("user-1", "").has_value());
  });
}

TEST_CASE("what a restart takes up comes by turns") {
  with_each_store([](const Open& open) {
    const auto store = open();
    for (const auto& [id, turn] : {std::pair("01", 3.0), {"02", 1.5}, {"03", 3.0}, {"04", 2.0}}) {
      Job job = make_job(id);
      job.turn = turn;
      store->add(job);
    }
    CHECK(ids(store->unfinished()) == Ids{"02", "04", "01", "03"});
  });
}

TEST_CASE("a success that cannot be written as a whole is not written at all") {
  with_each_store([](const Open& open) {
    const auto store = open();
    const Job job = brought_to(*store, JobStatus::running);
    Job twice = make_succeeded(job);
    twice.pictures[1] = twice.pictures[0];
    CHECK(error_of([&] { store->succeed(twice, 1); }).code() == ErrorCode::internal);
    CHECK(store->find(job.id)->status == JobStatus::running);
    CHECK_FALSE(store->find_picture(job.id + "-0.png").has_value());
    CHECK(store->succeed(make_succeeded(job), 1));
  });
}

TEST_CASE("lists have the beginnings of long prompts; the job itself has all of them") {
  with_each_store([](const Open& open) {
    const auto store = open();
    Job job = make_job("01");
    std::string prompt, negative;
    for (int i = 0; i < 300; ++i) prompt += "\xC3\xA4", negative += i % 2 ? "\"" : "\\";
    job.request.generate.prompt = prompt, job.request.generate.negative_prompt = negative;
    store->add(job);
    REQUIRE(store->begin("01", 10) == 1);
    Job done = make_succeeded(job);
    done.settings = write_generate_request(job.request.generate);
    REQUIRE(store->succeed(done, 1));
    const Job listed = store->list({1, ""}).at(0);
    const size_t letters = static_cast<size_t>(kListedLetters) + 1;
    CHECK(listed.request.generate.prompt == prompt.substr(0, 2 * letters));
    CHECK(listed.request.generate.negative_prompt == negative.substr(0, letters));
    CHECK(listed.settings.at("prompt") == prompt.substr(0, 2 * letters));
    CHECK(listed.settings.at("negative_prompt") == negative.substr(0, letters));
    CHECK(store->find("01")->request.generate.prompt == prompt);
    CHECK(store->find("01")->settings.at("negative_prompt") == negative);
    for (const std::optional<std::string>& none : {std::optional<std::string>(), std::optional<std::string>("")}) {
      Job other = make_job(none ? "03" : "02");
      other.request.generate.negative_prompt = none;
      store->add(other);
      CHECK(store->list({1, ""}).at(0).request.generate.negative_prompt == none);
    }
  });
}

TEST_CASE("jobs are listed newest first, by status, a page at a time") {
  with_each_store([](const Open& open) {
    const auto store = open();
    brought_to(*store, JobStatus::queued, "03");
    brought_to(*store, JobStatus::succeeded, "01");
    brought_to(*store, JobStatus::failed, "05");
    brought_to(*store, JobStatus::queued, "02");
    brought_to(*store, JobStatus::running, "04");
    CHECK(ids(store->list({10, ""})) == Ids{"05", "04", "03", "02", "01"});
    CHECK(ids(store->list({2, ""})) == Ids{"05", "04"});
    CHECK(store->newest_id() == "05");
    CHECK(ids(store->list({2, "04"})) == Ids{"03", "02"});
    CHECK(ids(store->list({2, "02"})) == Ids{"01"});
    CHECK(ids(store->list({2, "035"})) == Ids{"03", "02"});
    CHECK(store->list({2, "01"}).empty());
    CHECK(store->list({0, ""}).empty());
    CHECK(ids(store->list({10, "", JobStatus::queued})) == Ids{"03", "02"});
    CHECK(ids(store->list({10, "03", JobStatus::queued})) == Ids{"02"});
    CHECK(ids(store->list({10, "", JobStatus::succeeded})) == Ids{"01"});
    CHECK(store->list({10, "", JobStatus::cancelled}).empty());
    CHECK(store->list({1, "", JobStatus::succeeded})[0].pictures.size() == 2);
  });
}

TEST_CASE("unfinished jobs come oldest first") {
  with_each_store([](const Open& open) {
    const auto store = open();
    brought_to(*store, JobStatus::queued, "03");
    brought_to(*store, JobStatus::succeeded, "00");
    brought_to(*store, JobStatus::running, "01");
    brought_to(*store, JobStatus::queued, "02");
    brought_to(*store, JobStatus::cancelled, "04");
    brought_to(*store, JobStatus::cancelling, "05");
    CHECK(ids(store->unfinished()) == Ids{"01", "02", "03", "05"});
  });
}

TEST_CASE("everything is there after the store was closed and opened") {
  with_each_store([](const Open& open) {
    std::vector<Json> before;
    Ids all;
    {
      const auto store = open();
      for (const JobStatus status : kAll) all.push_back(brought_to(*store, status).id);
      for (const std::string& id : all) before.push_back(written(store->find(id).value()));
    }
    const auto store = open();
    for (size_t i = 0; i < all.size(); ++i) CHECK(written(store->find(all[i]).value()) == before[i]);
    CHECK(store->begin(all[0], 70) == 1);
  });
}
