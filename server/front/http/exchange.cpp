#include "server/front/http/exchange.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "server/front/http/reply_parts.h"
#include "server/front/http/wire/status_line.h"
#include "server/logging.h"

namespace alice {
namespace {

constexpr const char* kNoRoute = "(none)";

constexpr size_t kInOnePiece = 192u << 10;

ApiError too_many_unread() {
  ApiError error(503, to_string(ErrorCode::busy), "too many answers wait for clients that do not read them");
  error.again = true;
  error.headers.emplace_back("Retry-After", "1");
  return error;
}

bool has_no_body(int status) { return status == 204 || status == 304; }

}  // namespace

Exchange::Exchange(HttpRequest request, std::shared_ptr<ReplyStream> stream, Headers common, RequestCounters& counters)
    : request_(std::move(request)),
      stream_(std::move(stream)),
      common_(std::move(common)),
      counters_(counters),
      route_(kNoRoute) {}

Exchange::~Exchange() {
  if (done_ || !stream_->is_open()) return;
  if (begun()) {
    abort();
    return;
  }
  spdlog::error("request={} no answer was made", request_.id);
  fail(to_api_error(ErrorCode::internal, "", "", pointer_to_param));
}

void Exchange::route_is(const Match& match) {
  if (!match.pattern.empty()) route_ = match.pattern;
  params_ = match.params;
  is_probe_ = match.route != nullptr && match.route->is_probe;
  tells_detail_ = match.route != nullptr && match.route->tells_detail;
}

void Exchange::guard(const std::function<void()>& work) noexcept {
  try {
    try {
      work();
    } catch (const ApiError& error) {
      fault(error, "");
    } catch (const Error& error) {
      fault(to_api_error(error, pointer_to_param), error.what());
    } catch (const std::exception& error) {
      fault(to_api_error(ErrorCode::internal, "", "", pointer_to_param), error.what());
    } catch (...) {
      fault(to_api_error(ErrorCode::internal, "", "", pointer_to_param), "unknown fault");
    }
  } catch (...) {  // no memory to say it: the answer is cut when the exchange goes
  }
}

/// `what` is for the log.
void Exchange::fault(const ApiError& error, const char* what) {
  if (error.status >= 500 && *what != '\0') spdlog::error("request={} {}: {}", request_.id, route_, what);
  if (done_) return;
  if (begun())
    abort();
  else
    fail(error);
}

void Exchange::send(int status, Headers headers, std::string body) {
  if (body.size() > kInOnePiece) {
    ReplyPart whole;
    whole.text = std::move(body);
    return send_parts(shared_from_this(), status, std::move(headers), {std::move(whole)});
  }
  start(status, std::move(headers), has_no_body(status) ? std::nullopt : std::optional<uint64_t>(body.size()), false);
  finish(std::move(body));
}

void Exchange::send_json(int status, const Json& body, Headers headers) {
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("Cache-Control", "no-store");
  send(status, std::move(headers), dump_json(body));
}

void Exchange::fail(const ApiError& error) {
  if (!error.job_id.empty()) job_ = error.job_id;
  std::string body = error.body(tells_detail_);
  start(error.status, error.all_headers(), body.size(), error.close, reason_of(error.message));
  finish(std::move(body));
}

void Exchange::begin(int status, Headers headers, std::optional<uint64_t> length, uint64_t kept) {
  if (!stream_->has_room_for(kept + kInOnePiece)) throw too_many_unread();
  stream_->keeps(kept);
  start(status, std::move(headers), length, false);
}

void Exchange::start(int status, Headers headers, std::optional<uint64_t> length, bool close, std::string reason) {
  status_ = status;
  ReplyHead head;
  head.status = status;
  head.reason = std::move(reason);
  head.headers = std::move(headers);
  head.headers.insert(head.headers.end(), common_.begin(), common_.end());
  head.headers.emplace_back("x-request-id", request_.id);
  head.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (!job_.empty()) head.headers.emplace_back("x-job-id", job_);
  head.length = length;
  head.has_body = !is_head() && !has_no_body(status);
  head.close = close;
  stream_->begin(head);
}

void Exchange::finish(std::string bytes) {
  done(status_);
  stream_->finish(std::move(bytes));
}

void Exchange::abort() {
  done(status_);
  stream_->abort();
}

void Exchange::on_closed(std::function<void()> left) {
  stream_->on_closed([self = weak_from_this(), left = std::move(left)] {
    const auto held = self.lock();
    if (held) held->done(kClientLeft);
    left();
  });
}

void Exchange::done(int status) {
  if (std::exchange(done_, true)) return;
  counters_.count(route_, status);
  if (!is_probe_) log(status);
}

/// Paths and queries stay out of it: a route's pattern tells what was asked, and clients write what they like.
void Exchange::log(int status) const {
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - request_.arrived).count();
  log_request(fmt::format("request={} {}{}{} {} {} {:.1f} ms", request_.id, job_.empty() ? "" : "job=" + job_ + " ",
                          model_.empty() ? "" : "model=" + model_ + " ", request_.method, route_, status, ms));
}

}  // namespace alice
