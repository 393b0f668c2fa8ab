#include "server/front/http/wire/connection_input.h"

#include <sys/socket.h>

#include <array>
#include <utility>

namespace alice {
namespace {

constexpr uint64_t kAlwaysAllowed = 64u << 10;  // of each connection: ordinary requests get through
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

ApiError no_memory_left() {
  ApiError error(503, to_string(ErrorCode::busy), "too many large requests are on their way");
  error.again = true;
  error.headers.emplace_back("Retry-After", "1");
  return error;
}

/// What came and was not read would make the system reset the connection, and the client lose the answer.
void read_over(int descriptor) {
  constexpr int kMostReads = 32;
  std::array<char, 32768> nowhere;
  for (int i = 0; i < kMostReads; ++i)
    if (::recv(descriptor, nowhere.data(), nowhere.size(), MSG_DONTWAIT) <= 0) return;
}

}  // namespace

ConnectionInput::ConnectionInput(const ReadLimits& limits, BodyLimit body_limit, std::shared_ptr<ByteBudget> budget)
    : reader_(limits, std::move(body_limit)), held_(std::move(budget)) {}

void ConnectionInput::take(std::string_view bytes) {
  if (is_last_) return;
  if (has_request()) {
    rest_.append(bytes);
  } else if (rest_.empty()) {
    const size_t taken = reader_.take(bytes);
    rest_.assign(bytes.substr(taken));
  } else {
    rest_.append(bytes);
    const size_t taken = reader_.take(rest_);
    rest_.erase(0, taken);
  }
  take_up();
}

void ConnectionInput::take_up() {
  account();
  if (!has_request() && !held_.is_within() && held_.bytes() > kAlwaysAllowed) {
    reader_.refuse(no_memory_left());
    account();
  }
  awaits_continue_ = reader_.take_expectation() || (awaits_continue_ && !has_request());
  if (!awaits_continue_ || owes_answers()) return;
  awaits_continue_ = false;
  say(kContinue);
}

void ConnectionInput::account() { held_.become(handed_ + reader_.held() + rest_.size()); }

IncomingRequest ConnectionInput::next() {
  handed_ += reader_.held();
  IncomingRequest request = reader_.release();
  ++unanswered_;
  awaits_continue_ = false;
  if (!request.keep_alive) {
    is_last_ = true;
    std::string().swap(rest_);
  }
  account();
  return request;
}

void ConnectionInput::answer_begins() {
  handed_ = 0;
  account();
}

void ConnectionInput::answered() {
  --unanswered_;
  if (!awaits_continue_ || owes_answers()) return;
  awaits_continue_ = false;
  say(kContinue);
}

bool ConnectionInput::has_news() const {
  char byte = 0;
  return has_request() || ::recv(descriptor_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

void ConnectionInput::end(const std::string& words) {
  if (reader_.has_begun() && !owes_answers() && !has_left_) say(words);
  has_left_ = is_last_ = true;
  ::shutdown(descriptor_, SHUT_RD);  // whoever reads sees the end
}

void ConnectionInput::closing() {
  if (reader_.has_begun() && !owes_answers() && !has_left_) say(too_slow_answer());
  read_over(descriptor_);
  descriptor_ = -1;  // the number may be another's soon
}

/// As far as it goes at once.
void ConnectionInput::say(std::string_view words) const {
  ::send(descriptor_, words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace alice
