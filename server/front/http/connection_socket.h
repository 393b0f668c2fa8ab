#pragma once
// A connection's socket, which answers where RESTinio would not: RESTinio closes without a word what is no HTTP,
// exceeds its limits or comes too slowly (its 0.6.16 has no other way), and clients take that for a broken network and
// try again.

#include <sys/socket.h>

#include <boost/asio.hpp>
#include <string>
#include <utility>

#include "server/front/http/api_error.h"

namespace alice {

class ConnectionSocket : public boost::asio::ip::tcp::socket {
 public:
  using Base = boost::asio::ip::tcp::socket;
  using Base::Base;

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    namespace asio = boost::asio;
    const auto executor = asio::get_associated_executor(handler, get_executor());
    Base::async_read_some(
        buffers, asio::bind_executor(executor, [this, handler = std::forward<Handler>(handler)](
                                                   const boost::system::error_code& fault, size_t count) mutable {
          unanswered_ = !fault && count > 0;  // whoever has sent an end of file reads no answer
          handler(fault, count);              // holds the connection, and so this socket
        }));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    unanswered_ = false;
    Base::async_write_some(buffers, std::forward<Handler>(handler));
  }

  /// Called by RESTinio when it ends the connection, for whatever reason.
  boost::system::error_code shutdown(shutdown_type what, boost::system::error_code& fault) {
    if (std::exchange(unanswered_, false)) say(unreadable_request_answer());
    return Base::shutdown(what, fault);
  }

  /// Ends a connection that there is no room for.
  void refuse() {
    say(no_room_answer());
    boost::system::error_code ignored;
    Base::shutdown(shutdown_both, ignored);
    close(ignored);
  }

 private:
  void say(const std::string& answer) {
    ::send(native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);  // as far as it goes
  }

  bool unanswered_ = false;  ///< bytes have come since the last answer began
};

}  // namespace alice
