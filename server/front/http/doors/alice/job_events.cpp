#include "server/front/http/doors/alice/job_events.h"

#include <utility>

#include "server/front/http/doors/alice/event_mailbox.h"
#include "server/front/http/doors/alice/job_event_text.h"
#include "server/front/http/event_stream.h"

namespace alice {
namespace {

constexpr const char* kRetry = "retry: 2000\n\n";  // ms until a browser asks again when it is cut off
/// Each costs a share of every preview; those that wait for pictures by a POST are not among them.
constexpr int64_t kMostStreams = 512;

/// Lives as long as its exchange is open: held by the exchange's on_closed callback, weakly by all others.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  /// `known`: the id of the last event that the client has.
  EventStream(FrontContext& context, std::shared_ptr<Exchange> exchange, std::string known)
      : context_(context),
        exchange_(std::move(exchange)),
        urls_(context.picture_urls(exchange_->request())),
        known_(std::move(known)) {
    ++context_.event_streams;
  }
  ~EventStream() { --context_.event_streams; }

  void follow(const std::string& job);
  void follow_all();

 private:
  OnJobEvent on_event();
  Then<std::shared_ptr<JobWatch>> then();
  void opened(const Outcome<std::shared_ptr<JobWatch>>& outcome);
  void send_next();

  FrontContext& context_;
  const std::shared_ptr<Exchange> exchange_;
  const PictureUrls urls_;
  std::shared_ptr<EventPen> pen_;  // null until there is something to follow
  std::shared_ptr<JobWatch> watch_;
  const std::shared_ptr<EventMailbox> mailbox_ = std::make_shared<EventMailbox>();
  bool follows_all_ = false;
  std::string known_;
};

void EventStream::follow(const std::string& job) {
  exchange_->on_closed([self = shared_from_this()] { self->watch_.reset(), self->pen_.reset(); });
  context_.jobs.watch(job, exchange_->caller().viewer(), on_event(), then());
}

void EventStream::follow_all() {
  follows_all_ = true;
  exchange_->on_closed([self = shared_from_this()] { self->watch_.reset(), self->pen_.reset(); });
  context_.jobs.watch_all(exchange_->caller().viewer(), known_, on_event(), then());
}

OnJobEvent EventStream::on_event() {
  return [self = weak_from_this(), loop = context_.loop, mailbox = mailbox_](const JobEvent& event) {
    if (!mailbox->put(event)) return;
    loop->post([self] {
      const auto alive = self.lock();
      if (alive && alive->pen_ && !alive->pen_->is_writing()) alive->exchange_->guard([&] { alive->send_next(); });
    });
  };
}

Then<std::shared_ptr<JobWatch>> EventStream::then() {
  const auto opened = [self = weak_from_this()](const Outcome<std::shared_ptr<JobWatch>>& outcome) {
    if (const auto alive = self.lock()) alive->exchange_->guard([&] { alive->opened(outcome); });
  };
  return on_loop<std::shared_ptr<JobWatch>>(context_, opened);
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
    const std::string id = follows_all_ ? event->mark : event_content_id(*event);
    const bool is_known = !follows_all_ && id == std::exchange(known_, id) && !ends_stream(*event);
    if (is_known) continue;
    Json data = event_data(*event, urls_);
    if (!event->id.empty()) data["id"] = event->id;
    std::string text = event_text(event_name(event->kind), dump_json(data), id);
    return !follows_all_ && ends_stream(*event) ? pen_->finish(std::move(text)) : pen_->write(std::move(text));
  }
}

/// EventSource asks again when a stream ends, for ever; at 204 it stops (WHATWG HTML, section 9.2.3).
void tell_that_all_is_told(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& id) {
  const auto reply = [&context, id](const std::shared_ptr<Exchange>& waiting, const Job& job) {
    if (has_ended(job.status)) return waiting->send(204, {}, "");
    std::make_shared<EventStream>(context, waiting, "")->follow(id);
  };
  context.jobs.find(id, exchange->caller().viewer(), answering<Job>(context, exchange, reply));
}

/// Throws ApiError 503 when too many clients follow jobs.
void check_room(const FrontContext& context, const char* instead) {
  if (context.event_streams < kMostStreams) return;
  ApiError error(503, to_string(ErrorCode::busy), std::string("too many clients follow jobs; ") + instead);
  error.again = true;
  error.headers.emplace_back("Retry-After", "2");
  throw error;
}

std::string last_event_id(const Exchange& exchange) {
  const std::string* last = exchange.request().header("Last-Event-ID");
  return last == nullptr ? "" : *last;
}

}  // namespace

void stream_job_events(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const std::string& id) {
  check_room(context, "GET /v1/jobs/{id} tells its state");
  const std::string last = last_event_id(*exchange);
  if (last == kLastEventId) return tell_that_all_is_told(context, exchange, id);
  std::make_shared<EventStream>(context, exchange, last)->follow(id);
}

void stream_all_events(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  check_room(context, "GET /v1/jobs tells their states");
  std::make_shared<EventStream>(context, exchange, last_event_id(*exchange))->follow_all();
}

}  // namespace alice
