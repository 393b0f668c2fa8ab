#include "server/link/message.h"

#include <random>

#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

const JobRun kRun = {"0192f0aa", 2};

GenerateRequest full_request() {
  GenerateRequest request;
  request.model = "sd/tiny";
  request.prompt = "a \"cat\" in Zürich\n\\ 猫";
  request.negative_prompt = "dog";
  request.steps = 20;
  request.guidance_scale = 7.25;
  request.guidance_rescale = 0.5;
  request.guidance_start = 0.1;
  request.guidance_end = 0.9;
  request.deepcache_interval = 2;
  request.token_merging_ratio = 0.25;
  request.clip_skip = 1;
  request.width = 512;
  request.height = 768;
  request.seed = 9007199254740991;
  request.n = 3;
  request.scheduler = "name";
  request.scheduler_options = {{"eta", 0.3}, {"list", {1, 2}}};
  request.loras = {{"hats", -0.8}, {"cats", 1}};
  return request;
}

std::string every_byte() {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  return bytes;
}

/// One of each kind, no member at its default.
std::vector<ToWorker> orders() {
  return {StartJob{kRun, full_request(), 5, "/data/images", "/data/inputs", "/data/records/a", 1000, 50, 4000000000, 60.5},
          CancelJob{kRun},
          Describe{{{"sd/odd", {{"stamp", "ab"}, {"reason", "it hangs"}}}}}, Ping{},
          Preload{"sd/tiny"}, StopPreload{}};
}
std::vector<ToFront> reports() {
  return {Described{4711, {{"models", {{{"id", "sd/tiny"}}}}, {"backend", "cpu"}}},
          JobProgress{kRun, JobStage::denoise, 4, 2, 6, 7, 20, 3},
          JobPreview{kRun, 4, 10, every_byte()},
          JobPicture{kRun, {1, "a-1.png", std::string(64, 'a'), 1234, 512, 768, 8}},
          JobDone{kRun, {"/prompt: cut", "two"}, write_generate_request(full_request()), 3},
          JobFailed{kRun, ErrorCode::bad_weights, "/model", "is damaged"},
          LogLine{"warning", "text", "0192f0aa"},
          LoadingPlugin{"/plugins/a.so"},
          LookingAt{"sd/tiny", "ab12"},
          Pong{},
          PluginsAtWork{kRun, {"a", "b"}},
          Preloading{"sd/tiny", JobStage::denoise},
          PreloadEnded{"sd/tiny", PreloadEnded::Outcome::stopped},
          JobEstimate{kRun, {540, 3.5, 0.25, 20, 2, 12000000000}}};
}

Json json_of(const ToWorker& message) { return Json::parse(write_message(message)); }
Json json_of(const ToFront& message) { return Json::parse(write_message(message)); }

template <class M>
M sent(const M& message) {
  return std::get<M>(read_to_front(write_message(ToFront(message))));
}

/// What is wrong with `object` as a message of the direction that `read` reads.
template <class Read>
Error refusal(const Json& object, Read read) {
  const Error error = error_of([&] { read(object.dump()); });
  CHECK(error.code() == ErrorCode::internal);
  CHECK_FALSE(error.sentence().empty());
  return error;
}

/// Each member taken away, and each with a value of a type that no member has.
template <class Read>
void check_every_member(const Json& good, Read read) {
  read(good.dump());
  for (const auto& member : good.items()) {
    INFO(good.dump() << "\nwithout " << member.key());
    Json without = good;
    without.erase(member.key());
    CHECK(says(refusal(without, read).what(), member.key()));
    Json wrong = good;
    wrong[member.key()] = Json::array({Json::object()});
    CHECK(says(refusal(wrong, read).what(), member.key()));
  }
  Json more = good;
  more["colour"] = 1;
  CHECK(says(refusal(more, read).what(), "colour"));
}

}  // namespace

TEST_CASE("every message comes back with every member as it was sent") {
  for (const ToWorker& message : orders()) {
    const ToWorker back = read_to_worker(write_message(message));
    CHECK(back.index() == message.index());
    CHECK(json_of(back) == json_of(message));
  }
  for (const ToFront& message : reports()) {
    const ToFront back = read_to_front(write_message(message));
    CHECK(back.index() == message.index());
    CHECK(json_of(back) == json_of(message));
  }
}

TEST_CASE("members arrive in the fields that they left from") {
  const auto start = std::get<StartJob>(read_to_worker(write_message(orders()[0])));
  CHECK(start.run.job == kRun.job);
  CHECK(start.run.attempt == 2);
  CHECK(start.request.prompt == full_request().prompt);
  CHECK(start.request.seed == full_request().seed);
  CHECK(start.request.loras.at(0).strength == -0.8);
  CHECK(start.request.scheduler_options == full_request().scheduler_options);
  CHECK(start.preview_every == 5);
  CHECK(start.pictures_folder == "/data/images");
  CHECK(start.inputs_folder == "/data/inputs");
  CHECK(start.record_file == "/data/records/a");
  CHECK(start.most_bytes == 4000000000);
  CHECK(start.most_seconds == 60.5);

  const auto progress = sent(std::get<JobProgress>(reports()[1]));
  CHECK(progress.stage == JobStage::denoise);
  CHECK(std::vector<int64_t>{progress.first_image, progress.images, progress.all_images, progress.done, progress.total,
                             progress.resumed_from} == std::vector<int64_t>{4, 2, 6, 7, 20, 3});

  const auto picture = sent(std::get<JobPicture>(reports()[3])).picture;
  CHECK(std::vector<int64_t>{picture.index, picture.bytes, picture.width, picture.height, picture.seed} ==
        std::vector<int64_t>{1, 1234, 512, 768, 8});
  CHECK(picture.file == "a-1.png");
  CHECK(picture.sha256 == std::string(64, 'a'));

  const auto failed = sent(std::get<JobFailed>(reports()[5]));
  CHECK(failed.code == ErrorCode::bad_weights);
  CHECK(failed.place == "/model");
  CHECK(failed.sentence == "is damaged");
}

TEST_CASE("an absent setting of a request stays absent") {
  StartJob start;
  start.run = kRun;
  const auto back = std::get<StartJob>(read_to_worker(write_message(ToWorker(start))));
  CHECK_FALSE(back.request.seed.has_value());
  CHECK_FALSE(back.request.steps.has_value());
  CHECK_FALSE(back.request.width.has_value());
}

TEST_CASE("a preview's bytes are kept, whatever they are and however many") {
  for (size_t size = 0; size <= 256; ++size) {
    const JobPreview preview = {kRun, 0, 1, every_byte().substr(0, size)};
    REQUIRE(sent(preview).png == preview.png);
  }
}

TEST_CASE("every code of an error survives the journey") {
  for (const ErrorCode code : all_error_codes()) CHECK(sent(JobFailed{kRun, code, "", "x"}).code == code);
}

TEST_CASE("text that is no UTF-8 arrives with replacements") {
  CHECK(sent(LogLine{"info",
                     "a\xff"
                     "b",
                     ""})
            .text ==
        "a\xef\xbf\xbd"
        "b");
}

TEST_CASE("a member that is missing, of a wrong type or unknown is refused by its name") {
  for (const ToWorker& message : orders())
    check_every_member(json_of(message), [](const std::string& payload) { read_to_worker(payload); });
  for (const ToFront& message : reports())
    check_every_member(json_of(message), [](const std::string& payload) { read_to_front(payload); });

  const Json picture = json_of(reports()[3]);
  check_every_member(picture["picture"], [&](const std::string& inner) {
    Json message = picture;
    message["picture"] = Json::parse(inner);
    read_to_front(message.dump());
  });
}

TEST_CASE("values that a member cannot have are refused by its name") {
  const auto refused = [](Json message, const char* member, const Json& value) {
    message[member] = value;
    INFO(message.dump());
    const bool to_worker = message["say"] == "start_job";
    const Error error = refusal(message, [&](const std::string& payload) {
      if (to_worker)
        read_to_worker(payload);
      else
        read_to_front(payload);
    });
    CHECK(says(error.what(), member));
  };
  const Json start = json_of(orders()[0]), progress = json_of(reports()[1]), preview = json_of(reports()[2]);
  refused(start, "attempt", 0);
  refused(start, "attempt", 1.5);
  refused(start, "attempt", 18446744073709551615u);
  refused(start, "preview_every", -1);
  refused(start, "request", Json{{"steps", 0}});
  refused(start, "request", Json{{"stepz", 1}});
  refused(progress, "stage", "dream");
  refused(progress, "done", -1);
  for (const char* wrong : {"a", "====", "YQ", "YQ==YQ==", "Y Q=", "YR==!"}) refused(preview, "png", wrong);
  refused(json_of(reports()[5]), "code", "bad_luck");
  refused(json_of(reports()[6]), "level", "loud");
  refused(json_of(reports()[9]), "stage", "dream");
  refused(json_of(reports()[10]), "outcome", "perhaps");
}

TEST_CASE("a message of the other direction, of no kind, or that is no object is refused") {
  for (const ToWorker& message : orders())
    CHECK(says(error_of([&] { read_to_front(write_message(message)); }).what(), "say"));
  for (const ToFront& message : reports())
    CHECK(says(error_of([&] { read_to_worker(write_message(message)); }).what(), "say"));
  for (const char* payload : {"", "{}", "[]", "null", "{\"say\":1}", "{\"say\":\"\"}", "\xff\xfe",
                              "{\"say\":\"describe\"", "{\"say\":\"describe\"} x"})
    CHECK(error_of([&] { read_to_worker(payload); }).code() == ErrorCode::internal);
  const std::string deep = "{\"say\":\"described\",\"pid\":1,\"description\":" + std::string(100000, '[');
  CHECK(error_of([&] { read_to_front(deep); }).code() == ErrorCode::internal);
}

TEST_CASE("a payload with changed, lost and doubled bytes is a message or an error") {
  std::mt19937 random(11);
  std::vector<std::string> payloads;
  for (const ToWorker& message : orders()) payloads.push_back(write_message(message));
  for (const ToFront& message : reports()) payloads.push_back(write_message(message));
  const std::string letters = "\"{}[],:0123456789.eE+-truefalsn\\u \x80\xff";
  for (int turn = 0; turn < 30000; ++turn) {
    std::string payload = payloads[random() % payloads.size()];
    for (size_t changes = 1 + random() % 4; changes > 0 && !payload.empty(); --changes) {
      const size_t at = random() % payload.size(), count = 1 + random() % 8;
      switch (random() % 4) {
        case 0: payload[at] = static_cast<char>(random()); break;
        case 1: payload[at] = letters[random() % letters.size()]; break;
        case 2: payload.erase(at, count); break;
        default: payload.insert(at, payload.substr(random() % payload.size(), count));
      }
    }
    for (const bool to_worker : {true, false}) {
      try {
        if (to_worker)
          read_to_worker(payload);
        else
          read_to_front(payload);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::internal || error.sentence().empty()) FAIL(error.what() << "\n" << payload);
      }
    }
  }
}

TEST_CASE("plugins whose code ran are named in words") {
  CHECK(in_code_of({}).empty());
  CHECK(in_code_of({"a"}) == ", in code of the plugin a");
  CHECK(in_code_of({"a", "b"}) == ", in code of one of the plugins a, b");
}
