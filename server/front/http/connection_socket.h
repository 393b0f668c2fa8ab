#pragma once
// A connection's socket, which answers where RESTinio would not: RESTinio closes without a word what is no HTTP,
// exceeds its limits or comes too slowly (its 0.6.16 has no other way), and clients take that for a broken network and
// try again. It also keeps what all unfinished requests hold in memory within bounds.

#include <sys/socket.h>

#include <boost/asio.hpp>
#include <memory>
#include <string>
#include <utility>

#include "server/front/http/api_error.h"

namespace alice {

/// Bytes that have come and are not answered yet, of all connections. On the loop's thread only.
struct IncomingBytes {
  uint64_t most = 0;
  uint64_t held = 0;
};

class ConnectionSocket : public boost::asio::ip::tcp::socket {
 public:
  using Base = boost::asio::ip::tcp::socket;
  using Fault = boost::system::error_code;
  using Base::Base;
  ConnectionSocket(ConnectionSocket&& other) = default;
  ConnectionSocket& operator=(ConnectionSocket&&) = delete;
  ~ConnectionSocket() { release(); }

  void share(std::shared_ptr<IncomingBytes> incoming) { incoming_ = std::move(incoming); }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    namespace asio = boost::asio;
    const auto executor = asio::get_associated_executor(handler, get_executor());
    auto read = [this, handler = std::forward<Handler>(handler)](Fault fault, size_t count) mutable {
      if (!take(count)) fault = asio::error::no_buffer_space;
      is_unanswered_ = count > 0 && fault != asio::error::eof;  // whoever has ended his side reads no answer
      handler(fault, count);                                    // holds the connection, and so this socket
    };
    Base::async_read_some(buffers, asio::bind_executor(executor, std::move(read)));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    release();
    is_unanswered_ = false;
    Base::async_write_some(buffers, std::forward<Handler>(handler));
  }

  /// Called by RESTinio when it ends the connection, for whatever reason.
  Fault shutdown(shutdown_type what, Fault& fault) {
    if (std::exchange(is_unanswered_, false)) say(unreadable_request_answer());
    release();
    return Base::shutdown(what, fault);
  }

  /// Ends a connection that there is no room for.
  void refuse() {
    say(no_room_answer());
    Fault ignored;
    Base::shutdown(shutdown_both, ignored);
    close(ignored);
  }

 private:
  /// False when all requests together would hold too much.
  bool take(size_t count) {
    held_ += count;
    if (incoming_ == nullptr) return true;
    incoming_->held += count;
    return incoming_->held <= incoming_->most || held_ <= kAlwaysAllowed;
  }

  void release() {
    if (incoming_ != nullptr) incoming_->held -= held_;
    held_ = 0;
  }

  void say(const std::string& answer) {
    ::send(native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);  // as far as it goes
  }

  static constexpr uint64_t kAlwaysAllowed = 64u << 10;  // of each connection: ordinary requests get through
  std::shared_ptr<IncomingBytes> incoming_;
  uint64_t held_ = 0;           // bytes, ours of incoming_->held
  bool is_unanswered_ = false;  // bytes have come since the last answer began
};

}  // namespace alice
