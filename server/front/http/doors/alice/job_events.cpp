#include "server/front/http/doors/alice/job_events.h"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <cmath>
#include <mutex>
#include <utility>

#include "server/front/http/base64.h"
#include "server/front/http/event_stream.h"
#include "server/front/http/job_json.h"

namespace alice {
namespace {

constexpr const char* kRetry = "retry: 2000\n\n";  // ms until a browser asks again when it is cut off
constexpr size_t kKinds = 6;
constexpr const char* kLastId = "done";
/// Each costs a share of every preview; those that wait for pictures by a POST are not among them.
constexpr int64_t kMostStreams = 512;

/// Tells the event's content apart, not its number: whoever comes back is not told again what it knows, from whatever
/// process and connection it had it.
std::string id_of(const JobEvent& event) {
  switch (event.kind) {
    case JobEvent::Kind::position: return fmt::format("position-{}", event.position);
    case JobEvent::Kind::preview: return fmt::format("preview-{}-{}", event.image, event.step);
    case JobEvent::Kind::step: return fmt::format("{}-{}-{}", event.stage, event.first_image, event.done);
    case JobEvent::Kind::held: return fmt::format("held-{}", to_string(event.trouble));
    case JobEvent::Kind::ended: return kLastId;
    case JobEvent::Kind::handed_back: break;
  }
  return "handed_back";
}

const char* name_of(JobEvent::Kind kind) {
  switch (kind) {
    case JobEvent::Kind::position: return "position";
    case JobEvent::Kind::step: return "step";
    case JobEvent::Kind::preview: return "preview";
    case JobEvent::Kind::held: return "held";
    case JobEvent::Kind::ended: return "done";
    case JobEvent::Kind::handed_back: return "handed_back";
  }
  return "done";  // not reached
}

bool is_last(JobEvent::Kind kind) { return kind == JobEvent::Kind::ended || kind == JobEvent::Kind::handed_back; }

/// An estimate is no better.
double to_tenths(double seconds) { return std::round(seconds * 10) / 10; }

Json data_of(const JobEvent& event, const PictureUrls& urls) {
  switch (event.kind) {
    case JobEvent::Kind::position: return {{"position", event.position}};
    case JobEvent::Kind::preview: return {{"image", event.image}, {"step", event.step}, {"png", to_base64(event.png)}};
    case JobEvent::Kind::held:
      return {{"code", to_string(event.trouble)},
              {"message", to_api_error(event.trouble, "", "", pointer_to_param).message}};
    case JobEvent::Kind::ended:
    case JobEvent::Kind::handed_back: return {{"job", job_to_json(event.job, urls)}};
    case JobEvent::Kind::step: break;
  }
  return {{"stage", event.stage},
          {"step", event.done},
          {"steps", event.total},
          {"first_image", event.first_image},
          {"images", event.images},
          {"all_images", event.all_images},
          {"resumed_from", event.resumed_from},
          {"eta_seconds", event.eta_seconds < 0 ? Json(nullptr) : Json(to_tenths(event.eta_seconds))}};
}

/// Of each kind the newest event that has not been sent. put() is called on the service's thread, all else on the loop's.
class Mailbox {
 public:
  /// Whether the loop must be told: it is not yet, and has not been kept waiting by a slow client.
  bool put(const JobEvent& event) {
    const std::lock_guard<std::mutex> lock(mutex_);
    slots_[static_cast<size_t>(event.kind)] = event;
    return !std::exchange(is_told_, true);
  }

  /// In the order in which they are sent. Nothing: the next one is told of.
  std::optional<JobEvent> take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& slot : slots_)
      if (slot.has_value()) return std::exchange(slot, std::nullopt);
    is_told_ = false;
    return std::nullopt;
  }

 private:
  std::mutex mutex_;
  std::array<std::optional<JobEvent>, kKinds> slots_;
  bool is_told_ = false;
};

/// Lives as long as its exchange is open: held by the exchange's on_closed callback, weakly by all others.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(FrontContext& context, std::shared_ptr<Exchange> exchange, std::string known)
      : context_(context),
        exchange_(std::move(exchange)),
        urls_(context.picture_urls(exchange_->request())),
        known_(std::move(known)) {
    ++context_.event_streams;
  }
  ~EventStream() { --context_.event_streams; }

  void start(const std::string& id);

 private:
  void opened(const Outcome<std::shared_ptr<JobWatch>>& outcome);
  void send_next();

  FrontContext& context_;
  const std::shared_ptr<Exchange> exchange_;
  const PictureUrls urls_;
  std::shared_ptr<EventPen> pen_;  // null until the job is known to be there
  std::shared_ptr<JobWatch> watch_;
  const std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::string known_;  // the id of the last event that the client has
};

void EventStream::start(const std::string& id) {
  exchange_->on_closed([self = shared_from_this()] { self->watch_.reset(), self->pen_.reset(); });
  const auto on_event = [self = weak_from_this(), loop = context_.loop, mailbox = mailbox_](const JobEvent& event) {
    if (!mailbox->put(event)) return;
    loop->post([self] {
      const auto alive = self.lock();
      if (alive && alive->pen_ && !alive->pen_->is_writing()) alive->exchange_->guard([&] { alive->send_next(); });
    });
  };
  const auto then = [self = weak_from_this()](const Outcome<std::shared_ptr<JobWatch>>& outcome) {
    if (const auto alive = self.lock()) alive->exchange_->guard([&] { alive->opened(outcome); });
  };
  context_.jobs.watch(id, exchange_->caller().viewer(), on_event, on_loop<std::shared_ptr<JobWatch>>(context_, then));
}

void EventStream::opened(const Outcome<std::shared_ptr<JobWatch>>& outcome) {
  if (const auto* error = std::get_if<Error>(&outcome)) throw service_error(context_, *error, pointer_to_param);
  watch_ = std::get<std::shared_ptr<JobWatch>>(outcome);
  const auto written = [self = weak_from_this()] {
    if (const auto alive = self.lock()) alive->send_next();
  };
  pen_ = std::make_shared<EventPen>(context_, exchange_, "still here", written);
  pen_->begin();
  if (!pen_->is_over()) pen_->write(kRetry);
}

void EventStream::send_next() {
  while (const auto event = mailbox_->take()) {
    const std::string id = id_of(*event);
    if (id == std::exchange(known_, id) && !is_last(event->kind)) continue;
    std::string text = event_text(name_of(event->kind), dump_json(data_of(*event, urls_)), id);
    return is_last(event->kind) ? pen_->finish(std::move(text)) : pen_->write(std::move(text));
  }
}

/// EventSource asks again when a stream ends, for ever; at 204 it stops (WHATWG HTML, section 9.2.3).
void tell_that_all_is_told(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& id) {
  const auto reply = [&context, id](const std::shared_ptr<Exchange>& waiting, const Job& job) {
    if (has_ended(job.status)) return waiting->send(204, {}, "");
    std::make_shared<EventStream>(context, waiting, "")->start(id);
  };
  context.jobs.find(id, exchange->caller().viewer(), answering<Job>(context, exchange, reply));
}

}  // namespace

void stream_job_events(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& id) {
  if (context.event_streams >= kMostStreams) {
    ApiError error(503, to_string(ErrorCode::busy), "too many clients follow jobs; GET /v1/jobs/{id} tells its state");
    error.again = true;
    error.headers.emplace_back("Retry-After", "2");
    throw error;
  }
  const std::string* last = exchange->request().header("Last-Event-ID");
  if (last != nullptr && *last == kLastId) return tell_that_all_is_told(context, exchange, id);
  std::make_shared<EventStream>(context, exchange, last == nullptr ? "" : *last)->start(id);
}

}  // namespace alice
