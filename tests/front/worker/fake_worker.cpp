// A worker that computes nothing. It speaks the link as alice-worker does, and the prompt tells it what to do wrong:
//   {"steps": 5, "step_ms": 0,                 how long a job takes
//    "at": 2, "do": "die", "by": "SIGSEGV",     before step 2: die by a signal, or by exit ("by": "exit 0")
//    "attempts": 1,                             ... in the first attempt alone; absent: always
//    "do": "hang" | "garbage" | "fail" | "close", ... or be silent, talk nonsense, give up, close the socket
//    "do": "disk_full",                         ... or find no room for its pictures
//    "do": "leak",                              ... or take more and more memory
//    "estimate": true,                          say that it takes twice what its bounds are
//    "plugins": ["a"],                          first of all, say that these plugins' code runs
//    "late": true,                              say it all about the attempt before, too
//    "deaf": true,                              pass over CancelJob
//    "lose_pictures": true, "die_after": true}  name no picture; die as soon as done is said
// A model's name tells how its preload goes: "slow" is never done until it is to stop, "deadly" ends the worker, "hang"
// is silent for ever, "bad" fails; every other is done at once.
// Its own arguments: "exit N" ends at once, "silent" never describes itself, "brief" ends after it has. Else any number
// of "--model ID", a model that it has beside its two, and "--plugin FILE", and "--diary FILE",
// to which it writes a line for each job ("job"), preload (the model) and description ("describe", with "--look" only).
// A plugin is a text file: its first word is its version, or "torn": it is refused; "die": the worker dies of it;
// "hang": it is never done with it. "--look FILE" is a model that it looks at, called "sd/" and the file's stem: its
// first word is the stamp, its second how that goes: "die", "hang", "kill" (by SIGKILL), "slow" (100 ms), else well.

#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/base/atomic_file.h"
#include "core/base/json.h"
#include "server/link/frame.h"
#include "server/link/message.h"

namespace alice {
namespace {

class Link {
 public:
  void say(const ToFront& message) { send(frame(write_message(message))); }

  void send(const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t count = ::send(kLinkDescriptor, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) _exit(0);  // the front is gone
      sent += static_cast<size_t>(count);
    }
  }

  /// The next message, or nothing within that time; negative: wait for ever.
  std::optional<ToWorker> hear(int timeout_ms) {
    for (;;) {
      if (const auto payload = reader_.next()) {
        const ToWorker message = read_to_worker(*payload);
        if (!std::holds_alternative<Ping>(message)) return message;
        say(Pong{});
        continue;
      }
      pollfd descriptor = {kLinkDescriptor, POLLIN, 0};
      if (poll(&descriptor, 1, timeout_ms) == 0) return std::nullopt;
      char bytes[4096];
      const ssize_t count = read(kLinkDescriptor, bytes, sizeof bytes);
      if (count <= 0) _exit(0);
      reader_.add(bytes, static_cast<size_t>(count));
    }
  }

 private:
  FrameReader reader_;
};

std::string sha256_of(const std::string& bytes) {
  unsigned char hash[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(hash, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  char hex[sizeof hash * 2 + 1];
  return sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
}

std::vector<std::string> more_models, plugins, looked_at;
std::string diary;

void note(const std::string& line) {
  if (!diary.empty()) std::ofstream(diary, std::ios::app) << line << "\n";
}

Json loaded = Json::array();  // as described

std::string first_word(const std::string& file) {
  std::string word;
  std::ifstream(file) >> word;
  return word;
}

Json described_library(const std::string& file) {
  const std::string version = first_word(file);
  const bool is_good = !version.empty() && version != "torn";
  Json library = {{"file", file}, {"id", "fake"}, {"version", is_good ? version : ""}, {"loaded", is_good}};
  if (!is_good) library["refused"] = "is a damaged library";
  return library;
}

void load_plugins(Link& link) {
  for (const std::string& file : plugins) {
    link.say(LoadingPlugin{file});
    if (first_word(file) == "die") raise(SIGKILL);
    if (first_word(file) == "hang") pause();
  }
  loaded = Json::array();
  for (const std::string& file : plugins) loaded.push_back(described_library(file));
}

void look(Link& link, const std::string& file, const Json& pass_over, Json& models) {
  const std::string id = "sd/" + std::filesystem::path(file).stem().string();
  std::string stamp, way;
  std::ifstream(file) >> stamp >> way;
  if (stamp.empty()) return;  // not there yet
  const Json passed = pass_over.value(id, Json::object());
  if (passed.value("stamp", "") == stamp) {
    models.push_back({{"id", id}, {"available", false}, {"unavailable", passed.at("reason")}});
    return;
  }
  link.say(LookingAt{id, stamp});
  if (way == "die") std::abort();
  if (way == "kill") raise(SIGKILL);
  if (way == "hang") pause();
  if (way == "slow") usleep(100'000);
  models.push_back({{"id", id}, {"available", true}});
}

Described description(Link& link, const Describe& order) {
  if (!looked_at.empty()) note("describe");
  Json models = Json::array();
  for (const std::string& file : looked_at) look(link, file, order.pass_over, models);
  link.say(LookingAt{"", ""});
  Described described;
  described.pid = getpid();
  described.description = {{"models",
                            {{{"id", "sd/tiny"},
                              {"available", true},
                              {"native_width", 64},
                              {"native_height", 64},
                              {"defaults", {{"width", 64}, {"height", 64}}},
                              {"size_multiple", 8},
                              {"max_pixels", 65536},
                              {"max_pixels_key", "generation.max_pixels"}},
                             {{"id", "sd/broken"}, {"available", false}, {"unavailable", "its weights are damaged"}}}},
                           {"plugins", {{"plugins", loaded}}},
                           {"pid", getpid()}};
  for (const std::string& id : more_models)
    described.description["models"].push_back({{"id", id}, {"available", true}});
  for (const Json& model : models) described.description["models"].push_back(model);
  return described;
}

class FakeJob {
 public:
  FakeJob(Link& link, const StartJob& order)
      : link_(link), order_(order), script_(parse_json(order.request.prompt, "prompt")) {}

  void run() {
    if (script_.value("late", false)) say_late_words();
    if (script_.contains("plugins"))
      link_.say(PluginsAtWork{order_.run, script_.at("plugins").get<std::vector<std::string>>()});
    if (script_.contains("estimate")) link_.say(JobEstimate{order_.run, estimate()});
    const int64_t steps = script_.value("steps", int64_t{5});
    int64_t resumed = steps_recorded();
    for (int64_t step = 1; step <= steps; ++step) {
      if (step > resumed) {
        misbehave(step);
        if (is_cancelled()) return link_.say(JobFailed{order_.run, ErrorCode::cancelled, "", "cancelled"});
        if (has_failed_) return;
        std::ofstream(order_.record_file, std::ios::app) << step << "\n";
      }
      link_.say(JobProgress{order_.run, JobStage::denoise, 0, order_.request.n, order_.request.n, step, steps,
                            std::min(step, resumed)});
      if (order_.preview_every > 0 && step % order_.preview_every == 0)
        link_.say(JobPreview{order_.run, 0, step, "preview " + std::to_string(step)});
    }
    finish(resumed);
  }

 private:
  /// Twice the bounds that the order has.
  Estimate estimate() const {
    Estimate estimate;
    estimate.seconds = 2 * order_.most_seconds;
    estimate.bytes = 2 * order_.most_bytes;
    return estimate;
  }

  int64_t steps_recorded() const {
    std::ifstream record(order_.record_file);
    int64_t step = 0, last = 0;
    while (record >> step) last = step;
    return last;
  }

  bool is_cancelled() {
    const auto message = link_.hear(script_.value("step_ms", 0));
    if (!message.has_value()) return false;
    if (const auto* order = std::get_if<Describe>(&*message)) link_.say(description(link_, *order));
    return std::holds_alternative<CancelJob>(*message) && !script_.value("deaf", false);
  }

  void misbehave(int64_t step) {
    if (step != script_.value("at", int64_t{0}) || order_.run.attempt > script_.value("attempts", int64_t{1000}))
      return;
    const std::string what = script_.value("do", "");
    if (what == "die") die(script_.value("by", "SIGSEGV"));
    if (what == "hang") pause();
    if (what == "leak") leak();
    if (what == "garbage") link_.send(frame("{\"say\": \"nonsense\"}"));
    if (what == "close") {
      close(kLinkDescriptor);
      pause();
    }
    if (what == "disk_full") {
      link_.say(JobFailed{order_.run, ErrorCode::storage_full, order_.pictures_folder, "no room for pictures"});
      has_failed_ = true;
    }
    if (what == "fail") {
      link_.say(JobFailed{order_.run, ErrorCode::out_of_memory, "/width", "does not fit"});
      has_failed_ = true;
    }
  }

  /// 10 MB each 10 ms, and talks all the while: only its memory gives it away.
  [[noreturn]] void leak() {
    constexpr size_t kPortion = 10'000'000;
    for (;;) {
      std::memset(std::malloc(kPortion), 1, kPortion);
      link_.say(JobProgress{order_.run, JobStage::denoise, 0, 1, 1, 1, 5, 0});
      usleep(10'000);
    }
  }

  [[noreturn]] static void die(const std::string& by) {
    if (by.rfind("exit ", 0) == 0) _exit(std::atoi(by.c_str() + 5));
    for (const int number : {SIGSEGV, SIGKILL, SIGABRT, SIGBUS, SIGTERM})
      if (by == "SIG" + std::string(sigabbrev_np(number))) {
        signal(number, SIG_DFL);  // the sanitizers catch some
        raise(number);
      }
    _exit(99);
  }

  void say_late_words() {
    JobRun before = order_.run;
    --before.attempt;
    link_.say(JobProgress{before, JobStage::decode, 0, 1, 1, 1, 1, 0});
    link_.say(JobPicture{before, {0, "stranger.png", "", 1, 8, 8, 0}});
    link_.say(JobFailed{before, ErrorCode::internal, "", "a late word"});
    link_.say(JobDone{before, {}, Json::object(), 0});
  }

  void finish(int64_t resumed) {
    for (int64_t index = 0; index < order_.request.n && !script_.value("lose_pictures", false); ++index) {
      const int64_t seed = order_.request.seed.value() + index;
      const std::string file = order_.run.job + "-" + std::to_string(index) + ".png";
      const std::string bytes = "picture of seed " + std::to_string(seed);
      AtomicFile out(order_.pictures_folder + "/" + file);
      out.write(bytes);
      out.commit();
      link_.say(
          JobPicture{order_.run, {index, file, sha256_of(bytes), static_cast<int64_t>(bytes.size()), 8, 8, seed}});
    }
    link_.say(JobDone{order_.run, {"/eta: has no effect"}, write_generate_request(order_.request), resumed});
    if (script_.value("die_after", false)) die("SIGKILL");
  }

  Link& link_;
  const StartJob& order_;
  Json script_;
  bool has_failed_ = false;
};

bool has(const std::string& name, const char* word) { return name.find(word) != std::string::npos; }

void preload(Link& link, const std::string& model) {
  note(model);
  link.say(Preloading{model, JobStage::load});
  if (has(model, "deadly")) raise(SIGKILL);
  if (has(model, "hang")) pause();
  while (has(model, "slow")) {
    const auto message = link.hear(-1);
    if (const auto* order = std::get_if<Describe>(&*message)) link.say(description(link, *order));
    if (std::holds_alternative<StopPreload>(*message))
      return link.say(PreloadEnded{model, PreloadEnded::Outcome::stopped});
  }
  link.say(PreloadEnded{model, has(model, "bad") ? PreloadEnded::Outcome::failed : PreloadEnded::Outcome::done});
}

void work() {
  Link link;
  load_plugins(link);
  for (;;) {
    const auto message = link.hear(-1);
    if (const auto* order = std::get_if<Describe>(&*message)) link.say(description(link, *order));
    if (const auto* order = std::get_if<Preload>(&*message)) preload(link, order->model);
    if (const auto* order = std::get_if<StartJob>(&*message)) {
      note("job");
      FakeJob(link, *order).run();
    }
  }
}

}  // namespace
}  // namespace alice

int main(int argc, char** argv) {
  const std::string way = argc > 1 ? argv[1] : "";
  if (way == "exit") return std::atoi(argv[2]);
  if (way == "silent") pause();
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--model") alice::more_models.push_back(argv[i + 1]);
    if (std::string(argv[i]) == "--look") alice::looked_at.push_back(argv[i + 1]);
    if (std::string(argv[i]) == "--diary") alice::diary = argv[i + 1];
    if (std::string(argv[i]) == "--plugin") alice::plugins.push_back(argv[i + 1]);
  }
  if (way == "brief") {
    alice::Link link;
    link.say(alice::description(link, {}));
    return 0;
  }
  alice::work();
}
