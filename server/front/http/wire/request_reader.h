#pragma once
// Bytes of a connection, read as requests. RESTinio's own parser (http_parser 2.9.4, which is kept up no more) takes
// bare line feeds, continued lines and any two bytes for a chunk's end; so it is shown nothing that a client wrote, and
// this reader has the one say about where a request ends. It also holds a body to the limit of its route while it comes.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "server/front/http/wire/transport.h"

namespace alice {

class RequestReader {
 public:
  RequestReader(const ReadLimits& limits, BodyLimit body_limit);

  /// Takes bytes until they end or a request is done; returns how many it took. Nothing when one is done.
  size_t take(std::string_view bytes);
  /// A request has come whole, or is refused.
  bool is_done() const { return state_ == State::done; }
  /// The request that is done; the reader begins with the next. After a refusal that ends the connection, which is one
  /// without keep_alive, there is no next.
  IncomingRequest release();
  /// Refuses the request whose bytes are coming, and ends the connection with it.
  void refuse(const ApiError& error);

  /// Bytes of a request have come that is not done.
  bool has_begun() const { return state_ != State::done && (state_ != State::first_line || !line_.empty()); }
  /// Whether the client waits to be told that it may send the body; true once for each request.
  bool take_expectation() { return std::exchange(awaits_continue_, false); }
  /// Bytes of the request that are kept.
  uint64_t held() const { return request_.raw.body.size() + head_bytes_ + line_.size(); }

 private:
  enum class State { first_line, field, body, chunk_line, chunk, chunk_end, trailer, done };

  size_t take_some(std::string_view bytes);
  size_t take_line(std::string_view bytes);
  size_t take_body(std::string_view bytes, State then);
  void line_came();
  void check_line() const;
  void first_line_came();
  void field_came();
  void head_came();
  void chunk_line_came();
  void trailer_came();
  void keep(std::string_view bytes);
  void count_bytes(uint64_t more);
  void begin();

  const ReadLimits limits_;
  const BodyLimit body_limit_;

  State state_ = State::first_line;
  std::string line_;        // as far as it has come
  size_t empty_lines_ = 0;  // before the first one
  size_t head_bytes_ = 0;   // of names and values
  uint64_t left_ = 0;       // of the body or the chunk
  uint64_t body_bytes_ = 0, most_body_bytes_ = 0;
  size_t overhead_bytes_ = 0;  // of chunk extensions and trailers
  size_t trailers_ = 0;
  int minor_version_ = 1;
  bool awaits_continue_ = false;
  IncomingRequest request_;
};

}  // namespace alice
