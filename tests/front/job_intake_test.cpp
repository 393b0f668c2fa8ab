// Which jobs the desk takes.

#include "server/front/job_desk.h"
#include "tests/front/desk_room.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("a picture larger than its model may make is refused when it arrives") {
  DeskRoom room;
  room.wait_ready();
  for (const auto& [width, height] : {std::pair<std::optional<int64_t>, std::optional<int64_t>>{1024, 1024},
                                      {8192, std::nullopt}, {std::nullopt, 8192}}) {
    JobRequest request;
    request.generate.model = "tiny";
    request.generate.width = width;
    request.generate.height = height;
    const Error error = error_of([&] { room.submit(request); });
    CHECK(error.code() == ErrorCode::bad_request);
    CHECK(error.place() == (width ? "/width" : "/height"));
    CHECK(says(error.sentence(), "65,536"));
    CHECK(says(error.sentence(), "generation.max_pixels"));
  }
  CHECK(room.run({{"steps", 1}}, 1, "sd/tiny").status == JobStatus::succeeded);
}

TEST_CASE("with no worker exactly as many jobs are taken as the queue has room for") {
  DeskRoom room;
  room.settings.queue_size = 7;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  for (int i = 0; i < 7; ++i) room.submit({{"steps", 1}});
  for (int i = 0; i < 3; ++i) {
    const Error error = error_of([&] { room.submit({{"steps", 1}}); });
    CHECK(error.code() == ErrorCode::busy);
    CHECK(says(error.sentence(), "the queue is full: 7 jobs wait; try again in about"));
  }
  CHECK(room.desk().state()->queued == 7);
  CHECK(room.desk().state()->not_ready == std::vector<std::string>{"no worker is ready yet"});
}

TEST_CASE("a request that comes twice under one key is one job, across a restart too") {
  DeskRoom room;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  room.settings.queue_size = 2;
  JobRequest request;
  request.generate.prompt = "x";
  request.owner = "ann", request.key = "k";
  const Job first = room.submit(request);
  CHECK(room.submit(request).id == first.id);
  CHECK(room.submit(request).request.generate.seed == first.request.generate.seed);
  CHECK(room.desk().state()->queued == 1);
  JobRequest another = request;
  another.generate.prompt = "y";
  CHECK(error_of([&] { room.submit(another); }).place() == kRequestKeyPlace);
  another.owner = "bob";
  CHECK(room.submit(another).id != first.id);
  CHECK(room.submit(request).id == first.id);  // though the queue is full
  room.close();
  CHECK(room.submit(request).id == first.id);
  CHECK(room.desk().state()->queued == 2);
}

TEST_CASE("whoever brings one job is served next but one, and nobody else sees it") {
  DeskRoom room;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  const auto bring = [&](const std::string& owner) {
    JobRequest request;
    request.owner = owner;
    return room.submit(request).id;
  };
  for (int i = 0; i < 20; ++i) bring("many");
  const std::string one = bring("one");
  const auto watch = [&](const Viewer& viewer, const OnJobEvent& on_event) {
    return wait_for<std::shared_ptr<JobWatch>>(
        [&](Then<std::shared_ptr<JobWatch>> then) { room.desk().watch(one, viewer, on_event, std::move(then)); });
  };
  Diary diary;
  const auto watching = watch({"one"}, diary.writer());
  CHECK(diary.wait([](const JobEvent& event) { return event.kind == JobEvent::Kind::position; }).position == 2);

  const auto find = [&](const Viewer& viewer) {
    return wait_for<Job>([&](Then<Job> then) { room.desk().find(one, viewer, std::move(then)); });
  };
  const auto cancel = [&](const Viewer& viewer) {
    return wait_for<Job>([&](Then<Job> then) { room.desk().cancel(one, viewer, std::move(then)); });
  };
  for (const Viewer& other : {Viewer{"many"}, Viewer{""}}) {
    CHECK(error_of([&] { watch(other, [](const JobEvent&) {}); }).code() == ErrorCode::not_found);
    CHECK(error_of([&] { find(other); }).code() == ErrorCode::not_found);
    CHECK(error_of([&] { cancel(other); }).code() == ErrorCode::not_found);
  }
  CHECK(find({"", true}).status == JobStatus::queued);
  CHECK(cancel({"one"}).status == JobStatus::cancelled);
}

TEST_CASE("a place in the queue that becomes free can be taken") {
  DeskRoom room;
  room.settings.queue_size = 1;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  const Job job = room.submit({{"steps", 1}});
  CHECK(error_of([&] { room.submit({{"steps", 1}}); }).code() == ErrorCode::busy);
  room.cancel(job.id);
  room.submit({{"steps", 1}});
}

TEST_CASE("once a worker has said which models there are, others are refused") {
  DeskRoom room;
  room.wait_ready();
  const Error unknown = error_of([&] { room.submit({{"steps", 1}}, 1, "sd/tinny"); });
  CHECK(unknown.code() == ErrorCode::not_found);
  CHECK(unknown.place() == "/model");
  CHECK(says(unknown.sentence(), "did you mean 'sd/tiny'?"));
  const Error broken = error_of([&] { room.submit({{"steps", 1}}, 1, "sd/broken"); });
  CHECK(broken.code() == ErrorCode::not_found);
  CHECK(says(broken.sentence(), "its weights are damaged"));
  CHECK(room.submit({{"steps", 1}}, 1, "tiny").request.generate.model == "sd/tiny");
}

TEST_CASE("a model that turns out not to be there is the end of a job that came before any worker") {
  DeskRoom room;
  room.settings.workers.arguments = {"/bin/sh", "-c", "sleep 0.3; exec " ALICE_FAKE_WORKER};
  const Job unknown = room.submit({{"steps", 1}}, 1, "/etc/passwd");
  const Job usual = room.submit({{"steps", 1}});
  const Job end = room.wait_end(unknown.id);
  CHECK(end.status == JobStatus::failed);
  CHECK(end.error.value().code == ErrorCode::not_found);
  CHECK(end.error->place == "/model");
  CHECK(room.wait_end(usual.id).settings.at("model") == "sd/tiny");
}

TEST_CASE("the default model of the configuration is taken, and must be there") {
  DeskRoom room;
  room.settings.default_model = "sd/gone";
  room.wait_ready();
  const Error error = error_of([&] { room.submit({{"steps", 1}}); });
  CHECK(error.code() == ErrorCode::not_found);
  CHECK(says(error.sentence(), "the default model 'sd/gone' is not there"));
}

TEST_CASE("a second server on the same folder is refused, and told who has it") {
  DeskRoom room;
  room.desk();
  const Error error = error_of([&] { JobDesk second(room.settings); });
  CHECK(error.code() == ErrorCode::bad_config);
  CHECK(error.place() == room.settings.data_directory.string());
  CHECK(says(error.sentence(), "process " + std::to_string(getpid())));
  room.close();
  JobDesk next(room.settings);
}

TEST_CASE("folders that cannot be made are an error that names them") {
  DeskRoom room;
  const auto file = room.folder.write("file", "x");
  room.settings.data_directory = file / "data";
  const Error data = error_of([&] { room.desk(); });
  CHECK(data.code() == ErrorCode::bad_config);
  CHECK(data.place() == (file / "data").string());
  room.settings.data_directory = room.folder / "data";
  room.settings.images_directory = file / "images";
  CHECK(error_of([&] { room.desk(); }).place() == (file / "images").string());
}

TEST_CASE("an owner has no more waiting jobs than is allowed, and no more pictures a day") {
  DeskRoom room;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  JobRequest request;
  request.generate.prompt = "x";
  request.owner = "ann";
  request.limits = {2, 0};
  room.submit(request), room.submit(request);
  const Error share = error_of([&] { room.submit(request); });
  CHECK(share.code() == ErrorCode::busy);
  CHECK(share.place() == kSharePlace);
  CHECK(says(share.sentence(), "2 of your jobs wait"));
  request.owner = "bob";
  request.limits = {0, 3};
  request.generate.n = 3;
  room.submit(request);
  CHECK(error_of([&] { room.submit(request); }).place() == kQuotaPlace);
  CHECK(room.desk().state()->not_ready == std::vector<std::string>{"no worker is ready yet"});  // no storage trouble
}

TEST_CASE("a prompt with a blocked word is refused when it arrives, and the field is named") {
  DeskRoom room;
  room.settings.workers.arguments = {ALICE_FAKE_WORKER, "silent"};
  room.settings.blocked_words = {"Riding", "zwei W\u00d6rter", "\u88f8"};
  const auto refused = [&](const std::string& prompt, const std::string& prompt_2) {
    JobRequest request;
    request.generate.prompt = prompt;
    if (!prompt_2.empty()) request.generate.prompt_2 = prompt_2;
    request.generate.negative_prompt = "riding";
    try {
      room.submit(request);
      return std::string();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::bad_request);
      CHECK(says(error.sentence(), "server.blocked_words"));
      return error.place();
    }
  };
  for (const char* prompt :
       {"riding", "a man RIDING, a horse", "(riding:1.2)", "zwei, w\u00f6rter", "\u753b\u88f8\u4f53"})
    CHECK(refused(prompt, "") == "/prompt");
  CHECK(refused("x", "riding") == "/prompt_2");
  for (const char* prompt : {"bridging", "ridings", "zwei andere w\u00f6rter", "rid ing", ""})
    CHECK(refused(prompt, "").empty());
}
