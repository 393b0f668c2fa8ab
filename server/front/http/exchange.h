#pragma once
// One request and its answer. Adds to every answer what every answer has (request id, CORS, nosniff), leaves the body
// out of answers to HEAD, counts it, and writes its line to the log. On the loop's thread only.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "core/base/json.h"
#include "server/front/http/api_error.h"
#include "server/front/http/caller.h"
#include "server/front/http/http_request.h"
#include "server/front/http/request_counters.h"
#include "server/front/http/router.h"

namespace alice {

class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  /// `common`: headers that every answer bears.
  Exchange(HttpRequest request, std::shared_ptr<ReplyStream> stream, Headers common, RequestCounters& counters);
  /// A handler that let go without an answer is a fault: 500.
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const HttpRequest& request() const { return request_; }
  const Caller& caller() const { return caller_; }
  void caller_is(Caller caller) { caller_ = std::move(caller); }
  /// The answer bears these too.
  void bears(Headers more) { common_.insert(common_.end(), more.begin(), more.end()); }
  const std::string& param(const std::string& name) const { return params_.at(name); }
  /// The request's body, which is not kept: jobs may be waited for long.
  std::string take_body() { return std::exchange(request_.body, {}); }
  void route_is(const Match& match);
  /// For the log, and for the header x-job-id.
  void job_is(const std::string& id, const std::string& model = "") { job_ = id, model_ = model; }

  /// Runs `work`; what it throws becomes the answer: an ApiError as it is, an Error by its code, all else 500.
  void guard(const std::function<void()>& work) noexcept;

  // --- the answer: one of these, once. A long one is refused with ApiError 503 when too much waits already for clients
  // that do not read.

  void send(int status, Headers headers, std::string body);
  void send_json(int status, const Json& body, Headers headers = {});
  void fail(const ApiError& error);
  /// Then write() and finish(), or abort(). `kept`: bytes that its maker keeps in memory until the end.
  void begin(int status, Headers headers, std::optional<uint64_t> length, uint64_t kept = 0);

  void write(std::string bytes, OnWritten then) { stream_->write(std::move(bytes), std::move(then)); }
  void finish(std::string bytes = "");
  void abort();

  bool begun() const { return status_ != 0; }
  /// Headers alone are wanted: an answer that would be made piece by piece need not be made.
  bool is_head() const { return request_.method == "HEAD"; }
  /// `left` runs when the client leaves before the answer's end. It is let go at the end, so it may hold what makes the
  /// answer.
  void on_closed(std::function<void()> left);

 private:
  void fault(const ApiError& error, const char* what);
  void start(int status, Headers headers, std::optional<uint64_t> length, bool close, std::string reason = "");
  void done(int status);
  void log(int status) const;

  HttpRequest request_;
  Caller caller_;
  const std::shared_ptr<ReplyStream> stream_;
  Headers common_;
  RequestCounters& counters_;
  std::string route_;
  PathParams params_;
  std::string job_, model_;
  bool is_probe_ = false, tells_detail_ = false;
  int status_ = 0;  // 0: nothing was answered yet
  bool done_ = false;
};

}  // namespace alice
