#include "server/front/http/waiting_post.h"

#include <spdlog/spdlog.h>

#include "server/front/http/event_stream.h"
#include "server/front/http/job_json.h"

namespace alice {
namespace {

/// Lives as long as its exchange waits: held by the exchange's on_closed callback, weakly by all others.
class JobWaiter : public std::enable_shared_from_this<JobWaiter> {
 public:
  JobWaiter(FrontContext& context, std::shared_ptr<Exchange> exchange, WaitingPost post)
      : context_(context),
        exchange_(std::move(exchange)),
        viewer_(exchange_->caller().viewer()),
        post_(std::move(post)) {}

  void start();

 private:
  void accepted(const Outcome<Job>& outcome);
  void watched(const Outcome<std::shared_ptr<JobWatch>>& outcome);
  void heard(const JobEvent& event);
  void preview(const JobEvent& event);
  void send_preview();
  void ended(const JobEvent& event);
  void held(ErrorCode trouble);
  void timed_out();
  void left();
  void guard(const std::function<void()>& work);
  void fail(const ApiError& error);
  bool is_answered() const { return pen_ ? pen_->is_over() : exchange_->begun(); }
  bool cancels_when_left() const;
  ApiError job_goes_on(int status, const char* code, const std::string& why) const;

  FrontContext& context_;
  const std::shared_ptr<Exchange> exchange_;
  const Viewer viewer_;
  WaitingPost post_;
  std::string job_;  // "" until it is accepted
  std::shared_ptr<JobWatch> watch_;
  EventLoop::Timer timeout_;
  std::shared_ptr<EventPen> pen_;    // of a stream that has begun
  std::string preview_;              // an event that waits for the one before it
};

void cancel_job(FrontContext& context, const std::string& id, const Viewer& viewer) {
  context.jobs.cancel(id, viewer, [id](const Outcome<Job>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome))
      spdlog::warn("job={} could not be cancelled when its client left: {}", id, error->what());
  });
}

void JobWaiter::start() {
  exchange_->on_closed([self = shared_from_this()] { self->left(); });
  const auto then = [self = weak_from_this(), &context = context_, viewer = viewer_,
                     cancels = cancels_when_left()](Outcome<Job> outcome) {
    if (const auto alive = self.lock()) return alive->exchange_->guard([&] { alive->accepted(outcome); });
    // The client left before the job had a name.
    if (const auto* job = std::get_if<Job>(&outcome); job != nullptr && cancels) cancel_job(context, job->id, viewer);
  };
  context_.jobs.submit(post_.request, on_loop<Job>(context_, then));
}

void JobWaiter::accepted(const Outcome<Job>& outcome) {
  if (const auto* error = std::get_if<Error>(&outcome)) throw service_error(context_, *error, post_.param_of);
  const Job& job = std::get<Job>(outcome);
  job_ = job.id;
  exchange_->job_is(job_, job.request.generate.model);
  if (post_.accepted) post_.accepted(job);
  if (const double limit = context_.config.request_timeout_s; limit > 0)
    timeout_ =
        context_.loop->after(std::chrono::milliseconds(static_cast<int64_t>(limit * 1000)), [self = weak_from_this()] {
          if (const auto alive = self.lock()) alive->timed_out();
        });
  using Kind = JobEvent::Kind;
  const auto on_event = [self = weak_from_this(), loop = context_.loop,
                         streams = post_.stream.has_value()](const JobEvent& event) {
    const Kind kind = event.kind;
    if (kind == Kind::position || kind == Kind::step || (kind == Kind::preview && !streams)) return;
    loop->post([self, event] {
      if (const auto alive = self.lock()) alive->guard([&] { alive->heard(event); });
    });
  };
  const auto then = [self = weak_from_this()](const Outcome<std::shared_ptr<JobWatch>>& watch) {
    if (const auto alive = self.lock()) alive->guard([&] { alive->watched(watch); });
  };
  context_.jobs.watch(job_, viewer_, on_event, on_loop<std::shared_ptr<JobWatch>>(context_, then));
}

void JobWaiter::watched(const Outcome<std::shared_ptr<JobWatch>>& outcome) {
  if (const auto* error = std::get_if<Error>(&outcome)) throw service_error(context_, *error, post_.param_of);
  watch_ = std::get<std::shared_ptr<JobWatch>>(outcome);
  if (!post_.stream || is_answered()) return;
  const auto written = [self = weak_from_this()] {
    if (const auto alive = self.lock()) alive->send_preview();
  };
  pen_ = std::make_shared<EventPen>(context_, exchange_, "ping", written);
  pen_->begin();
}

void JobWaiter::heard(const JobEvent& event) {
  if (is_answered()) return;
  if (event.kind == JobEvent::Kind::preview) return preview(event);
  event.kind == JobEvent::Kind::held ? held(event.trouble) : ended(event);
}

void JobWaiter::preview(const JobEvent& event) {
  std::string text = post_.stream->preview(event);
  if (text.empty()) return;
  preview_ = std::move(text);
  if (!pen_->is_writing()) send_preview();
}

void JobWaiter::send_preview() {
  if (!preview_.empty()) pen_->write(std::exchange(preview_, ""));
}

void JobWaiter::ended(const JobEvent& event) {
  timeout_.reset();
  if (event.kind == JobEvent::Kind::handed_back) {
    ApiError error = job_goes_on(503, "restarting", "the server restarts; the job goes on afterwards");
    error.headers.emplace_back("Retry-After", "10");
    throw error;
  }
  if (event.job.status != JobStatus::succeeded) throw job_failure(event.job, post_.param_of);
  if (!pen_) return post_.reply(exchange_, event.job);
  finish_with_parts(exchange_, post_.stream->done(event.job));
  pen_->leave();
}

/// Nobody knows for how long: the client is told. Unless it wants the job done all the same, it may send it again.
void JobWaiter::held(ErrorCode trouble) {
  timeout_.reset();
  ApiError error = to_api_error(trouble, "", "", post_.param_of);
  error.job_id = job_;
  if (cancels_when_left()) {
    cancel_job(context_, job_, viewer_);
  } else {
    error.message += "; the job goes on by itself: GET /v1/jobs/" + job_;
    error.again = false;
  }
  throw error;
}

void JobWaiter::timed_out() {
  if (!is_answered())
    fail(job_goes_on(504, "timeout", "the job takes longer than a request may wait; it goes on"));
}

ApiError JobWaiter::job_goes_on(int status, const char* code, const std::string& why) const {
  ApiError error(status, code, why + ": GET /v1/jobs/" + job_);
  error.job_id = job_;
  return error;
}

/// An error of a stream that has begun is its last event.
void JobWaiter::guard(const std::function<void()>& work) {
  exchange_->guard([&] {
    try {
      work();
    } catch (const ApiError& error) {
      fail(error);
    } catch (const Error& error) {
      if (!pen_) throw;
      spdlog::error("request={} {}", exchange_->request().id, error.what());
      fail(to_api_error(error, post_.param_of));
    }
  });
}

void JobWaiter::fail(const ApiError& error) {
  if (pen_ && !pen_->is_over()) return pen_->finish(event_text("error", error.body()));
  if (!exchange_->begun()) exchange_->fail(error);
}

void JobWaiter::left() {
  watch_.reset();
  timeout_.reset();
  if (!job_.empty() && !is_answered() && cancels_when_left()) cancel_job(context_, job_, viewer_);
}

/// Whoever gives the request a key means to come back for it.
bool JobWaiter::cancels_when_left() const {
  if (!post_.request.key.empty() && !post_.on_disconnect.has_value()) return false;
  const OnDisconnect configured = context_.config.cancel_on_disconnect ? OnDisconnect::cancel : OnDisconnect::finish;
  return post_.on_disconnect.value_or(configured) == OnDisconnect::cancel;
}

}  // namespace

const Choices<OnDisconnect>& on_disconnect_words() {
  static const Choices<OnDisconnect> words = {{"cancel", OnDisconnect::cancel}, {"finish", OnDisconnect::finish}};
  return words;
}

void wait_for_job(FrontContext& context, std::shared_ptr<Exchange> exchange, WaitingPost post) {
  std::make_shared<JobWaiter>(context, std::move(exchange), std::move(post))->start();
}

}  // namespace alice
