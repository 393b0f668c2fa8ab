#include "server/front/http/job_events.h"

#include <array>
#include <cmath>
#include <utility>

#include "server/front/http/base64.h"
#include "server/front/http/job_json.h"

namespace alice {
namespace {

constexpr auto kHeartbeat = std::chrono::seconds(10);
constexpr const char* kRetry = "retry: 2000\n\n";  // ms until a browser asks again when it is cut off
constexpr size_t kKinds = 5;

const char* name_of(JobEvent::Kind kind) {
  switch (kind) {
    case JobEvent::Kind::position: return "position";
    case JobEvent::Kind::step: return "step";
    case JobEvent::Kind::preview: return "preview";
    case JobEvent::Kind::ended: return "done";
    case JobEvent::Kind::handed_back: return "handed_back";
  }
  return "done";  // not reached
}

bool is_last(JobEvent::Kind kind) { return kind == JobEvent::Kind::ended || kind == JobEvent::Kind::handed_back; }

/// An estimate is no better.
double to_tenths(double seconds) { return std::round(seconds * 10) / 10; }

Json data_of(const JobEvent& event, const std::string& base_url) {
  switch (event.kind) {
    case JobEvent::Kind::position: return {{"position", event.position}};
    case JobEvent::Kind::preview: return {{"image", event.image}, {"step", event.step}, {"png", to_base64(event.png)}};
    case JobEvent::Kind::ended:
    case JobEvent::Kind::handed_back: return {{"job", job_to_json(event.job, base_url)}};
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

/// Lives as long as its exchange is open: held by the exchange's on_closed callback, weakly by all others.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(FrontContext& context, std::shared_ptr<Exchange> exchange)
      : context_(context), exchange_(std::move(exchange)), base_url_(context.guard.base_url(exchange_->request())) {}

  void start(const std::string& id);

 private:
  void opened(const Outcome<std::shared_ptr<JobWatch>>& outcome);
  void take(JobEvent event);
  void send_next();
  void send(std::string text);
  void beat();

  FrontContext& context_;
  const std::shared_ptr<Exchange> exchange_;
  const std::string base_url_;
  std::shared_ptr<JobWatch> watch_;
  EventLoop::Timer heartbeat_;
  std::array<std::optional<JobEvent>, kKinds> waiting_;  // by kind, in the order in which they are sent
  int64_t last_id_ = 0;
  bool writing_ = false;
};

void EventStream::start(const std::string& id) {
  exchange_->on_closed([self = shared_from_this()] { self->watch_.reset(), self->heartbeat_.reset(); });
  const auto on_event = [self = weak_from_this(), loop = context_.loop](const JobEvent& event) {
    loop->post([self, event] {
      if (const auto alive = self.lock()) alive->exchange_->guard([&] { alive->take(event); });
    });
  };
  const auto then = [self = weak_from_this()](const Outcome<std::shared_ptr<JobWatch>>& outcome) {
    if (const auto alive = self.lock()) alive->exchange_->guard([&] { alive->opened(outcome); });
  };
  context_.jobs.watch(id, on_event, on_loop<std::shared_ptr<JobWatch>>(context_, then));
}

void EventStream::opened(const Outcome<std::shared_ptr<JobWatch>>& outcome) {
  if (const auto* error = std::get_if<Error>(&outcome)) throw service_error(context_, *error, pointer_to_param);
  watch_ = std::get<std::shared_ptr<JobWatch>>(outcome);
  exchange_->begin(200,
                   {{"Content-Type", "text/event-stream; charset=utf-8"},
                    {"Cache-Control", "no-store"},
                    {"X-Accel-Buffering", "no"}},  // nginx would hold events back
                   std::nullopt);
  if (exchange_->is_head()) return exchange_->finish();
  send(kRetry);
  beat();
}

void EventStream::take(JobEvent event) {
  waiting_[static_cast<size_t>(event.kind)] = std::move(event);
  if (!writing_) send_next();
}

void EventStream::send_next() {
  for (auto& slot : waiting_) {
    if (!slot.has_value()) continue;
    const JobEvent event = std::move(*slot);
    slot.reset();
    std::string text = "id: " + std::to_string(++last_id_) + "\nevent: " + name_of(event.kind) +
                       "\ndata: " + dump_json(data_of(event, base_url_)) + "\n\n";
    if (!is_last(event.kind)) return send(std::move(text));
    heartbeat_.reset();
    return exchange_->finish(std::move(text));
  }
}

void EventStream::send(std::string text) {
  writing_ = true;
  exchange_->write(std::move(text), [self = weak_from_this()](bool written) {
    const auto alive = self.lock();
    if (!alive || !written) return;
    alive->writing_ = false;
    alive->send_next();
  });
}

void EventStream::beat() {
  heartbeat_ = context_.loop->after(kHeartbeat, [self = weak_from_this()] {
    const auto alive = self.lock();
    if (!alive) return;
    if (!alive->writing_) alive->send(": still here\n\n");
    alive->beat();
  });
}

}  // namespace

void stream_job_events(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& id) {
  std::make_shared<EventStream>(context, exchange)->start(id);
}

}  // namespace alice
