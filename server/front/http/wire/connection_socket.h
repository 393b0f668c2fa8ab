#pragma once
// A connection's socket between the client and RESTinio, which reads only what stands here for each whole request: the
// requests themselves go past it (request_reader.h). RESTinio keeps the order of answers, and the times.

#include <sys/socket.h>

#include <array>
#include <boost/asio.hpp>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "server/front/http/api_error.h"
#include "server/front/http/wire/connection_input.h"

namespace alice {

class ConnectionSocket : public boost::asio::ip::tcp::socket {
 public:
  using Base = boost::asio::ip::tcp::socket;
  using Fault = boost::system::error_code;
  using Base::Base;
  ConnectionSocket(ConnectionSocket&& other) = default;
  ConnectionSocket& operator=(ConnectionSocket&&) = delete;

  /// What RESTinio parses for each request.
  static constexpr std::string_view kRequestStandIn = "GET / HTTP/1.1\r\n\r\n";

  /// Once, before anything is read.
  void reads_into(std::shared_ptr<ConnectionInput> input) {
    input_ = std::move(input);
    input_->opened(native_handle());
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    namespace asio = boost::asio;
    input_->go_on();
    if (!input_->has_request()) return wait_for_request(buffers, std::forward<Handler>(handler));
    const auto executor = asio::get_associated_executor(handler, get_executor());
    asio::post(executor, [buffers, handler = std::forward<Handler>(handler)]() mutable { tell(buffers, handler); });
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    input_->answer_begins();
    Base::async_write_some(buffers, std::forward<Handler>(handler));
  }

  /// Called by RESTinio when it ends the connection, for whatever reason.
  Fault shutdown(shutdown_type what, Fault& fault) {
    input_->closing();
    return Base::shutdown(what, fault);
  }

  /// Ends a connection that there is no room for.
  void refuse() {
    const std::string answer = no_room_answer();
    ::send(native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);  // as far as it goes
    Fault ignored;
    Base::shutdown(shutdown_both, ignored);
    close(ignored);
  }

 private:
  template <class Buffers, class Handler>
  void wait_for_request(const Buffers& buffers, Handler&& handler) {
    namespace asio = boost::asio;
    const auto executor = asio::get_associated_executor(handler, get_executor());
    // The handler holds the connection, and so this socket.
    auto ready = [this, buffers, handler = std::forward<Handler>(handler)](Fault fault) mutable {
      if (!fault) fault = receive();
      if (fault) return handler(fault, 0);
      if (!input_->has_request()) return wait_for_request(buffers, std::move(handler));
      tell(buffers, handler);
    };
    Base::async_wait(wait_read, asio::bind_executor(executor, std::move(ready)));
  }

  template <class Buffers, class Handler>
  static void tell(const Buffers& buffers, Handler& handler) {
    handler(Fault(), boost::asio::buffer_copy(buffers, boost::asio::buffer(kRequestStandIn)));
  }

  /// Takes what has come, without waiting: it may be nothing.
  Fault receive() {
    thread_local std::array<char, 32768> bytes;  // one for all: they are taken at once
    const ssize_t count = ::recv(native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count > 0) {
      input_->take({bytes.data(), static_cast<size_t>(count)});
      return {};
    }
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return {};
    input_->left();
    if (count < 0) return {errno, boost::system::system_category()};
    return boost::asio::error::eof;
  }

  std::shared_ptr<ConnectionInput> input_;
};

}  // namespace alice
