#include "server/front/http/wire/request_reader.h"

#include <algorithm>
#include <utility>

#include "server/front/http/http_syntax.h"
#include "server/front/http/wire/framing.h"

namespace alice {
namespace {

constexpr size_t kMostEmptyLines = 2;  // before a request: RFC 9112, section 2.2
constexpr size_t kRoomForMethod = 64;  // of a first line beside its target: method, version, blanks
constexpr size_t kLongestChunkLine = 4096;
constexpr size_t kMostOverhead = 16u << 10;  // of a request's chunk extensions and trailers
constexpr size_t kMostTrailers = 100;

ApiError too_many_bytes(uint64_t limit) {
  return {413, "request_too_large", "the body is too long: at most " + std::to_string(limit) + " bytes are read here"};
}

}  // namespace

RequestReader::RequestReader(const ReadLimits& limits, BodyLimit body_limit)
    : limits_(limits), body_limit_(std::move(body_limit)) {}

size_t RequestReader::take(std::string_view bytes) {
  size_t taken = 0;
  try {
    while (taken < bytes.size() && !is_done()) taken += take_some(bytes.substr(taken));
  } catch (const ApiError& error) {
    refuse(error);
  }
  return taken;
}

size_t RequestReader::take_some(std::string_view bytes) {
  switch (state_) {
    case State::body: return take_body(bytes, State::done);
    case State::chunk: return take_body(bytes, State::chunk_end);
    case State::done: return 0;
    default: return take_line(bytes);
  }
}

size_t RequestReader::take_line(std::string_view bytes) {
  const size_t end = bytes.find('\n');
  const size_t count = end == bytes.npos ? bytes.size() : end + 1;
  line_.append(bytes.substr(0, count));
  check_line();
  if (end == bytes.npos) return count;
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r')
    throw malformed("a line ends with a line feed alone; it must be CR LF");
  line_.resize(line_.size() - 2);
  line_came();
  line_.clear();
  return count;
}

/// So that no line grows for ever, and what speaks another protocol (TLS) is not waited for.
void RequestReader::check_line() const {
  if (state_ == State::first_line && line_[0] != '\r' && !is_token_character(line_[0]))
    throw malformed("this is no HTTP");
  if (state_ == State::first_line && line_.size() > limits_.target_bytes + kRoomForMethod)
    throw refused(414, "uri_too_long", "at most " + std::to_string(limits_.target_bytes) + " bytes of URL are read");
  if (state_ == State::field && head_bytes_ + line_.size() > limits_.header_bytes + kRoomForMethod)
    throw refused(431, "headers_too_large",
                  "at most " + std::to_string(limits_.header_bytes) + " bytes of headers are read");
  if (state_ == State::chunk_line && line_.size() > kLongestChunkLine) throw malformed("a chunk's extension is too long");
  if (state_ == State::chunk_end && line_.size() > 2) throw malformed("a chunk does not end where its size says");
  if (state_ == State::trailer && line_.size() > kMostOverhead) throw malformed("a trailer is too long");
}

void RequestReader::line_came() {
  switch (state_) {
    case State::first_line: return first_line_came();
    case State::field: return line_.empty() ? head_came() : field_came();
    case State::chunk_line: return chunk_line_came();
    case State::chunk_end: state_ = State::chunk_line; return;
    case State::trailer: return trailer_came();
    default: return;
  }
}

void RequestReader::first_line_came() {
  if (line_.empty()) {
    if (++empty_lines_ > kMostEmptyLines) throw malformed("empty lines where a request should be");
    return;
  }
  RequestLine read = read_request_line(line_);
  request_.raw.method = std::move(read.method);
  request_.raw.target = std::move(read.target);
  minor_version_ = read.minor_version;
  if (request_.raw.target.size() > limits_.target_bytes)
    throw refused(414, "uri_too_long", "at most " + std::to_string(limits_.target_bytes) + " bytes of URL are read");
  state_ = State::field;
}

void RequestReader::field_came() {
  auto field = read_field_line(line_);
  head_bytes_ += field.first.size() + field.second.size();
  request_.raw.headers.push_back(std::move(field));
  if (request_.raw.headers.size() > limits_.header_count)
    throw refused(431, "headers_too_large",
                  "at most " + std::to_string(limits_.header_count) + " headers are read");
  if (head_bytes_ > limits_.header_bytes)
    throw refused(431, "headers_too_large",
                  "at most " + std::to_string(limits_.header_bytes) + " bytes of headers are read");
}

void RequestReader::head_came() {
  const Framing framing = read_framing(request_.raw.headers, minor_version_);
  request_.keep_alive = framing.keep_alive;
  left_ = framing.length;
  state_ = framing.is_chunked ? State::chunk_line : left_ > 0 ? State::body : State::done;
  if (state_ == State::done) return;
  most_body_bytes_ = body_limit_(request_.raw);
  count_bytes(framing.length);
  // Whoever asks first is spared the sending.
  if (framing.expects_continue && request_.refusal.has_value()) throw ApiError(*request_.refusal);
  awaits_continue_ = framing.expects_continue;
}

void RequestReader::chunk_line_came() {
  const auto size = read_chunk_line(line_);
  if (!size.has_value()) throw malformed("a chunk does not begin with its size in hexadecimal digits");
  const size_t extension = line_.size() - std::min(line_.size(), line_.find(';'));
  if ((overhead_bytes_ += extension) > kMostOverhead) throw malformed("the chunks' extensions are too long");
  left_ = *size;
  state_ = left_ == 0 ? State::trailer : State::chunk;
  count_bytes(left_);
}

/// Trailers are read over: nothing here has a use for one.
void RequestReader::trailer_came() {
  if (line_.empty()) {
    state_ = State::done;
    return;
  }
  if ((overhead_bytes_ += line_.size()) > kMostOverhead || ++trailers_ > kMostTrailers)
    throw malformed("the trailers are too many or too long");
  const std::string name = read_field_line(line_).first;
  if (!may_be_trailer(name)) throw malformed("'" + name + "' stands behind the body");
}

size_t RequestReader::take_body(std::string_view bytes, State then) {
  const auto count = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
  keep(bytes.substr(0, count));
  left_ -= count;
  if (left_ == 0) state_ = then;
  return count;
}

/// A body that is refused is read to its end all the same: most clients hear an answer only when they have sent all.
void RequestReader::keep(std::string_view bytes) {
  if (!request_.refusal.has_value()) request_.raw.body.append(bytes);
}

void RequestReader::count_bytes(uint64_t more) {
  if (more > limits_.discarded_bytes || (body_bytes_ += more) > limits_.discarded_bytes) {
    ApiError error = too_many_bytes(most_body_bytes_);
    error.close = true;
    throw error;
  }
  if (body_bytes_ <= most_body_bytes_ || request_.refusal.has_value()) return;
  request_.refusal = too_many_bytes(most_body_bytes_);
  std::string().swap(request_.raw.body);
}

void RequestReader::refuse(const ApiError& error) {
  request_.refusal = error;
  request_.refusal->close = true;
  request_.keep_alive = false;
  awaits_continue_ = false;
  std::string().swap(request_.raw.body);
  line_.clear();
  state_ = State::done;
}

IncomingRequest RequestReader::release() {
  IncomingRequest released = std::move(request_);
  begin();
  return released;
}

void RequestReader::begin() {
  request_ = {};
  state_ = State::first_line;
  line_.clear();
  empty_lines_ = head_bytes_ = overhead_bytes_ = trailers_ = 0;
  left_ = body_bytes_ = most_body_bytes_ = 0;
  awaits_continue_ = false;
}

}  // namespace alice
