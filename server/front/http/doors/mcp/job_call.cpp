#include "server/front/http/doors/mcp/job_call.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <mutex>
#include <utility>

#include "core/base/regular_file.h"
#include "server/front/http/accept.h"
#include "server/front/http/doors/mcp/tool_result.h"
#include "server/front/http/event_stream.h"
#include "server/front/http/job_json.h"

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLook = std::chrono::milliseconds(250);
/// Clients give a silent request up after a minute.
constexpr auto kLongestSilence = std::chrono::seconds(5);
/// Of all pictures of an answer together: clients cap a result at about a megabyte, and base64 adds a third.
constexpr int64_t kMostInline = 700'000;

constexpr double kWhole = 100;  // of progress

/// How far the job is. Written on the service's thread, read on the loop's.
class ProgressSlot {
 public:
  struct Progress {
    std::string status = "queued", words = "it waits";
    double percent = 0;
  };
  void note(const JobEvent& event) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (event.kind == JobEvent::Kind::position)
      now_ = {"queued", "number " + std::to_string(event.position) + " of those that wait", 0};
    if (event.kind == JobEvent::Kind::held) now_.words = "it waits for the server's storage";
    if (event.kind != JobEvent::Kind::step) return;
    const double part = event.total > 0 ? static_cast<double>(event.done) / static_cast<double>(event.total) : 0;
    const double pictures = static_cast<double>(event.first_image) + static_cast<double>(event.images) * part;
    now_ = {"running", event.stage, kWhole * pictures / std::max<double>(1, static_cast<double>(event.all_images))};
  }
  Progress now() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return now_;
  }

 private:
  mutable std::mutex mutex_;
  Progress now_;
};

std::string event_of(const Json& message) { return event_text("message", dump_json(message)); }

/// Lives as long as its exchange waits: held by the exchange's on_closed callback, weakly by all others.
class JobTool : public std::enable_shared_from_this<JobTool> {
 public:
  JobTool(FrontContext& context, std::shared_ptr<Exchange> exchange, McpMessage message, JobCall call)
      : context_(context),
        exchange_(std::move(exchange)),
        message_(std::move(message)),
        call_(std::move(call)),
        viewer_(exchange_->caller().viewer()),
        urls_(context.picture_urls(exchange_->request())),
        token_(message_.param("_meta").is_object() ? message_.params["_meta"].value("progressToken", Json()) : Json()),
        until_(Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(call_.wait_seconds * 1000))) {}

  void start();

 private:
  void submitted(const Outcome<Job>& outcome);
  void follow();
  void watched(const Outcome<std::shared_ptr<JobWatch>>& outcome);
  void look();
  void tell_progress(const ProgressSlot::Progress& progress);
  void write(std::string text);
  void ended(const JobEvent& event);
  void give_pictures(const Job& job);
  void finish(Json result);
  void left();
  std::string explained(const Error& error) const;

  FrontContext& context_;
  const std::shared_ptr<Exchange> exchange_;
  const McpMessage message_;
  JobCall call_;
  const Viewer viewer_;
  const PictureUrls urls_;
  const Json token_;  // null: nobody asked for progress
  const Clock::time_point until_;
  const std::shared_ptr<ProgressSlot> progress_ = std::make_shared<ProgressSlot>();
  std::shared_ptr<JobWatch> watch_;
  EventLoop::Timer timer_;
  Clock::time_point last_word_ = Clock::now();
  double told_ = -1;  // percent
  bool writing_ = false, has_ended_ = false, is_done_ = false;
  std::string last_event_;  // when it waits for what is being written
};

void JobTool::start() {
  exchange_->on_closed([self = shared_from_this()] { self->left(); });
  if (!call_.request.has_value()) return follow();
  const bool cancels = message_.era == McpEra::stateless;
  const auto then = [self = weak_from_this(), &context = context_, viewer = viewer_,
                     cancels](const Outcome<Job>& outcome) {
    if (const auto alive = self.lock()) return alive->exchange_->guard([&] { alive->submitted(outcome); });
    if (const auto* job = std::get_if<Job>(&outcome); job != nullptr && cancels)
      context.jobs.cancel(job->id, viewer, [](const Outcome<Job>&) {});
  };
  context_.jobs.submit(*call_.request, on_loop<Job>(context_, then));
}

void JobTool::submitted(const Outcome<Job>& outcome) {
  if (const auto* error = std::get_if<Error>(&outcome)) return finish(tool_error(explained(*error)));
  const Job& job = std::get<Job>(outcome);
  call_.job = job.id;
  exchange_->job_is(job.id, job.request.generate.model);
  follow();
}

void JobTool::follow() {
  const auto on_event = [self = weak_from_this(), loop = context_.loop, slot = progress_](const JobEvent& event) {
    if (event.kind != JobEvent::Kind::ended && event.kind != JobEvent::Kind::handed_back) return slot->note(event);
    loop->post([self, event] {
      if (const auto alive = self.lock()) alive->exchange_->guard([&] { alive->ended(event); });
    });
  };
  const auto then = [self = weak_from_this()](const Outcome<std::shared_ptr<JobWatch>>& outcome) {
    if (const auto alive = self.lock()) alive->exchange_->guard([&] { alive->watched(outcome); });
  };
  context_.jobs.watch(call_.job, viewer_, on_event, on_loop<std::shared_ptr<JobWatch>>(context_, then));
}

void JobTool::watched(const Outcome<std::shared_ptr<JobWatch>>& outcome) {
  if (const auto* error = std::get_if<Error>(&outcome)) return finish(tool_error(explained(*error)));
  watch_ = std::get<std::shared_ptr<JobWatch>>(outcome);
  const std::string* accept = exchange_->request().header("Accept");
  if (!is_done_ && accept != nullptr && weight_of(*accept, "text/event-stream") > 0)
    exchange_->begin(200,
                     {{"Content-Type", "text/event-stream; charset=utf-8"},
                      {"Cache-Control", "no-store"},
                      {"X-Accel-Buffering", "no"}},  // nginx would hold events back
                     std::nullopt, kMostInline * 4 / 3);
  look();
}

void JobTool::look() {
  if (is_done_ || has_ended_) return;
  const ProgressSlot::Progress progress = progress_->now();
  if (Clock::now() >= until_) return finish(tool_unfinished(call_.job, progress.status, progress.words));
  if (exchange_->begun() && !writing_) tell_progress(progress);
  timer_ = context_.loop->after(kLook, [self = weak_from_this()] {
    if (const auto alive = self.lock()) alive->exchange_->guard([&] { alive->look(); });
  });
}

/// Progress must rise with each word (specification, "Progress"): where none was made, by next to nothing.
void JobTool::tell_progress(const ProgressSlot::Progress& progress) {
  constexpr double kNextToNothing = 0.001;
  const bool is_silent = Clock::now() - last_word_ >= kLongestSilence;
  const bool has_risen = progress.percent > told_;
  if (token_.is_null()) {
    if (is_silent) write(": " + progress.status + "\n\n");
    return;
  }
  if (!has_risen && !is_silent) return;
  told_ = has_risen ? progress.percent : told_ + kNextToNothing;
  write(event_of({{"jsonrpc", "2.0"},
                  {"method", "notifications/progress"},
                  {"params",
                   {{"progressToken", token_}, {"progress", told_}, {"total", kWhole}, {"message", progress.words}}}}));
}

void JobTool::write(std::string text) {
  writing_ = true;
  last_word_ = Clock::now();
  exchange_->write(std::move(text), [self = weak_from_this()](bool written) {
    const auto alive = self.lock();
    if (!alive || !written) return;
    alive->writing_ = false;
    if (!alive->last_event_.empty()) alive->exchange_->finish(std::exchange(alive->last_event_, {}));
  });
}

void JobTool::ended(const JobEvent& event) {
  if (is_done_) return;
  has_ended_ = true;
  if (event.kind == JobEvent::Kind::handed_back)
    return finish(tool_unfinished(call_.job, "queued", "the server restarts first"));
  if (event.job.status != JobStatus::succeeded)
    return finish(tool_error(job_failure(event.job, call_.param_of).message));
  give_pictures(event.job);
}

/// Their files are read beside the loop.
void JobTool::give_pictures(const Job& job) {
  int64_t bytes = 0;
  for (const PictureFile& picture : job.pictures) bytes += picture.bytes;
  if (bytes > kMostInline) return finish(tool_pictures(job, urls_, {}));
  const std::filesystem::path& folder = context_.config.images_directory;
  context_.helper->post([self = weak_from_this(), loop = context_.loop, job, folder] {
    std::vector<std::string> files;
    try {
      for (const PictureFile& picture : job.pictures)
        files.push_back(read_regular_file(folder / picture.file, kMostInline));
    } catch (const Error&) {  // retention was quicker: the addresses say so
      files.clear();
    }
    loop->post([self, job, files = std::move(files)] {
      const auto alive = self.lock();
      if (alive) alive->exchange_->guard([&] { alive->finish(tool_pictures(job, alive->urls_, files)); });
    });
  });
}

void JobTool::finish(Json result) {
  if (std::exchange(is_done_, true)) return;
  timer_.reset();
  const Json message = result_message(message_, std::move(result));
  if (!exchange_->begun()) return exchange_->send_json(200, message);
  if (writing_)
    last_event_ = event_of(message);
  else
    exchange_->finish(event_of(message));
}

void JobTool::left() {
  watch_.reset();
  timer_.reset();
  const bool is_its_own = call_.request.has_value() && !call_.job.empty();
  if (is_done_ || !is_its_own || message_.era != McpEra::stateless) return;
  context_.jobs.cancel(call_.job, viewer_, [job = call_.job](const Outcome<Job>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome))
      spdlog::warn("job={} could not be cancelled when its client left: {}", job, error->what());
  });
}

std::string JobTool::explained(const Error& error) const {
  return service_error(context_, error, call_.param_of).message;
}

}  // namespace

void call_with_job(FrontContext& context, std::shared_ptr<Exchange> exchange, McpMessage message, JobCall call) {
  std::make_shared<JobTool>(context, std::move(exchange), std::move(message), std::move(call))->start();
}

}  // namespace alice
