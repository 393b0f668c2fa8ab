#include "server/front/http/api_error.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/base/utf8.h"
#include "server/front/http/request_id.h"
#include "server/front/http/wire/status_line.h"

namespace alice {
namespace {

constexpr size_t kMostFaultsTold = 20;
// Bytes: sentences and names of fields quote what clients wrote.
constexpr size_t kLongestMessage = 4000, kLongestParam = 200;

/// `message` null: the error's own sentence is told.
struct Told {
  ErrorCode code;
  int status;
  const char* message;
};
constexpr std::array<Told, 11> kTold = {{
    {ErrorCode::bad_request, 400, nullptr},
    {ErrorCode::not_found, 404, nullptr},
    {ErrorCode::unsupported, 400, nullptr},
    {ErrorCode::busy, 429, nullptr},
    {ErrorCode::out_of_memory, 503, "there is not enough memory for this; a smaller picture, or fewer, may fit"},
    {ErrorCode::bad_weights, 503,
     "the model's or a LoRA's files are damaged or do not fit; the server's log says more"},
    {ErrorCode::bad_config, 503, "the server's configuration does not allow this; its log says more"},
    {ErrorCode::cancelled, kClientLeft, "the job was cancelled"},
    {ErrorCode::storage_full, 503,
     "the server's disk is full; what was accepted is kept, and goes on when there is room: try again later"},
    {ErrorCode::storage_failed, 503,
     "the server cannot write to its disk at the moment; what was accepted is kept: try again later"},
    {ErrorCode::internal, 500, "an internal fault; the server's log has it under this request's id"},
}};

/// Disks are looked at each second while they are in trouble, but somebody must make room first.
constexpr int64_t kStorageRetryS = 10;

bool is_of_storage(ErrorCode code) { return code == ErrorCode::storage_full || code == ErrorCode::storage_failed; }

/// What will not last: the same may be asked again after so many seconds.
ApiError passing(ApiError error, int64_t retry_after_s) {
  error.again = true;
  error.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
  return error;
}

const Told& told_of(ErrorCode code) {
  const auto found = std::find_if(kTold.begin(), kTold.end(), [&](const Told& told) { return told.code == code; });
  return found == kTold.end() ? kTold.back() : *found;
}

/// The faults of an Error of several (core/base/error.h): a line each, behind one that counts them. Of any other error
/// its own place and sentence.
std::vector<Fault> faults_of(const std::string& place, const std::string& sentence) {
  const size_t first = sentence.find(" faults:\n  ");
  if (first == sentence.npos || sentence.find_first_not_of("0123456789") != first) return {{place, sentence}};
  std::vector<Fault> faults;
  for (size_t at = sentence.find('\n'); at != sentence.npos;) {
    const size_t end = sentence.find("\n  ", at + 1);
    const std::string line = sentence.substr(at + 3, end == sentence.npos ? end : end - at - 3);
    const size_t colon = line.rfind('/', 0) == 0 ? line.find(": ") : line.npos;
    faults.push_back(colon == line.npos ? Fault{"", line} : Fault{line.substr(0, colon), line.substr(colon + 2)});
    at = end;
  }
  return faults;
}

/// "steps: must be 1; width: must be 2": at most so many, each with its field as the client spells it. What is said of
/// two fields that are one for the client ("size") is told once.
std::string told_together(const std::vector<Fault>& faults, const ParamOf& param_of) {
  std::string message, last;
  for (size_t i = 0; i < std::min(faults.size(), kMostFaultsTold); ++i) {
    const std::string param = param_of(faults[i].place);
    const std::string told = (param.empty() ? "" : param + ": ") + faults[i].sentence;
    if (told != last) message += (i == 0 ? "" : "; ") + told;
    last = told;
  }
  if (faults.size() > kMostFaultsTold) message += "; and " + std::to_string(faults.size() - kMostFaultsTold) + " more";
  return brief(message, kLongestMessage);
}

/// A whole answer as it stands on the wire.
std::string last_words(const ApiError& error) {
  const std::string body = error.body();
  std::string answer = "HTTP/1.1 " + std::to_string(error.status) + " " + reason_phrase(error.status) +
                       "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                       "\r\nx-request-id: " + make_request_id() + "\r\nX-Content-Type-Options: nosniff\r\n";
  for (const auto& [name, value] : error.all_headers()) answer += name + ": " + value + "\r\n";
  return answer + "\r\n" + body;
}

}  // namespace

std::string ApiError::type() const {
  if (status == 401 || status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

std::string ApiError::body(bool with_detail) const {
  Json error = {{"message", message}, {"type", type()}, {"param", nullptr}, {"code", code}};
  if (!param.empty()) error["param"] = brief(param, kLongestParam);
  if (!job_id.empty()) error["job_id"] = job_id;
  Json body = {{"error", error}};
  if (with_detail) body["detail"] = message;
  return dump_json(body);
}

Headers ApiError::all_headers() const {
  Headers all = headers;
  all.emplace_back("Content-Type", "application/json");
  // OpenAI's clients send a request again after 408, 409, 429 and 5xx unless they are told that it is of no use.
  all.emplace_back("x-should-retry", again ? "true" : "false");
  return all;
}

ApiError refused(int status, std::string code, std::string message) {
  ApiError error(status, std::move(code), std::move(message));
  error.close = true;
  return error;
}

ApiError malformed(std::string message) { return refused(400, to_string(ErrorCode::bad_request), std::move(message)); }

std::string pointer_to_param(const std::string& place) {
  std::string param;
  for (const std::string_view part : split_list(place, '/')) {
    const bool is_index = std::all_of(part.begin(), part.end(), [](unsigned char c) { return std::isdigit(c); });
    if (is_index)
      param.append("[").append(part).append("]");
    else
      param.append(param.empty() ? "" : ".").append(part);
  }
  return param;
}

ApiError to_api_error(ErrorCode code, const std::string& place, const std::string& sentence, const ParamOf& param_of,
                      int64_t retry_after_s) {
  const Told& told = told_of(code);
  if (is_of_storage(code)) return passing(ApiError(told.status, to_string(code), told.message), kStorageRetryS);
  if (told.message != nullptr) return {told.status, to_string(code), told.message};
  ApiError error(told.status, to_string(code), told_together(faults_of(place, sentence), param_of), param_of(place));
  return code == ErrorCode::busy ? passing(std::move(error), retry_after_s) : error;
}

ApiError to_api_error(const Error& error, const ParamOf& param_of, int64_t retry_after_s) {
  return to_api_error(error.code(), error.place(), error.sentence(), param_of, retry_after_s);
}

Faults unknown_parameter(const std::string& name, const std::vector<std::string>& known) {
  Faults faults;
  faults.add(json_places("")(name), "is no parameter here" + did_you_mean(name, known));
  return faults;
}

void throw_if_any(const Faults& faults, ErrorCode code) {
  if (faults.empty()) return;
  const std::vector<Fault>& list = faults.list();
  throw ApiError(400, to_string(code), told_together(list, pointer_to_param), pointer_to_param(list[0].place));
}

std::string too_slow_answer() {
  return last_words(ApiError(408, "request_timeout", "the request did not come to its end in time"));
}

ApiError no_room() {
  return passing(ApiError(503, to_string(ErrorCode::busy), "too many connections are open"), 1);
}

std::string no_room_answer() { return last_words(no_room()); }

}  // namespace alice
