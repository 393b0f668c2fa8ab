// The transport over RESTinio 0.6: it parses, keeps the order of pipelined answers and guards the times; connections
// are accepted here. RESTinio's own acceptor cannot be kept alive: one failed accept() ends it for good, and a client
// that resets its connection at once, or is turned away, takes a place of its connection limiter with it.

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio.hpp>
#include <restinio/all.hpp>
#include <utility>

#include "core/base/error.h"
#include "server/front/http/asio_loop.h"
#include "server/front/http/connection_socket.h"
#include "server/front/http/connection_table.h"
#include "server/front/http/file_limit.h"
#include "server/front/http/status_line.h"
#include "server/front/http/transport.h"

namespace alice {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Fault = boost::system::error_code;

/// What all answers of a transport share.
struct Answering {
  std::shared_ptr<AsioLoop> loop;
  std::atomic<bool> draining{false};
  std::atomic<int64_t> unfinished{0};  ///< requests whose answer has not left yet
};

std::string head_text(const ReplyHead& head, bool close) {
  std::string text = "HTTP/1.1 " + std::to_string(head.status) + " " + reason_phrase(head.status) + "\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  add("Date", restinio::make_date_field_value(std::chrono::system_clock::now()));
  add("Server", "alice");
  add("Connection", close ? "close" : "keep-alive");
  if (head.length.has_value())
    add("Content-Length", std::to_string(*head.length));
  else if (head.has_body)
    add("Transfer-Encoding", "chunked");
  for (const auto& [name, value] : head.headers) add(name, value);
  return text + "\r\n";
}

class RestinioReply : public ReplyStream, public ConnectionUser {
 public:
  RestinioReply(restinio::request_handle_t request, std::shared_ptr<Answering> answering)
      : connection_(std::move(restinio::impl::access_req_connection(*request))),
        request_(request->request_id()),
        close_(!request->header().should_keep_alive() ||
               request->header().connection() == restinio::http_connection_header_t::upgrade),
        answering_(std::move(answering)) {
    ++answering_->unfinished;
  }

  ~RestinioReply() override {
    if (finished_) return;
    if (ended_)
      --answering_->unfinished;
    else
      abort();
  }

  void begin(const ReplyHead& head) override {
    close_ = close_ || head.close || answering_->draining;
    has_body_ = head.has_body;
    chunked_ = has_body_ && !head.length.has_value();
    pending_ = head_text(head, close_);
  }

  void write(std::string bytes, OnWritten then) override { send(body_part(std::move(bytes)), false, std::move(then)); }

  void finish(std::string bytes) override {
    restinio::writable_items_container_t items = body_part(std::move(bytes));
    if (chunked_) items.emplace_back(restinio::const_buffer("0\r\n\r\n", 5));
    end(std::move(items));
  }

  void abort() override {
    close_ = true;
    end({});
  }

  bool is_open() const override { return !finished_ && !ended_; }
  void on_closed(std::function<void()> left) override { left_ = std::move(left); }

  void connection_ended() override {
    ended_ = true;
    if (const auto left = std::exchange(left_, nullptr); left && !finished_) left();
  }
  void forget() override {
    ended_ = true;
    left_ = nullptr;
  }

 private:
  restinio::writable_items_container_t body_part(std::string bytes) {
    restinio::writable_items_container_t items;
    if (!pending_.empty()) items.emplace_back(std::exchange(pending_, {}));
    if (bytes.empty() || !has_body_) return items;
    if (!chunked_) {
      items.emplace_back(std::move(bytes));
      return items;
    }
    items.emplace_back(fmt::format("{:x}\r\n", bytes.size()));
    items.emplace_back(std::move(bytes));
    items.emplace_back(restinio::const_buffer("\r\n", 2));
    return items;
  }

  void end(restinio::writable_items_container_t items) {
    finished_ = true;
    // Dropping the callback may drop whoever called this; that must wait until the call has returned.
    if (left_) answering_->loop->post([left = std::exchange(left_, nullptr)] {});
    send(std::move(items), true, [answering = answering_](bool) { --answering->unfinished; });
  }

  void send(restinio::writable_items_container_t items, bool last, OnWritten then) {
    restinio::write_group_t group(std::move(items));
    // Posted: within the notification the connection is not yet ready for the next part.
    if (then)
      group.after_write_notificator([loop = answering_->loop, then = std::move(then)](const auto& fault) {
        loop->post([then, written = !fault] { then(written); });
      });
    const auto attribute = close_ ? restinio::response_connection_attr_t::connection_close
                                  : restinio::response_connection_attr_t::connection_keepalive;
    const auto parts =
        last ? restinio::response_parts_attr_t::final_parts : restinio::response_parts_attr_t::not_final_parts;
    connection_->write_response_parts(request_, {parts, attribute}, std::move(group));
  }

  const restinio::impl::connection_handle_t connection_;
  const restinio::request_id_t request_;
  bool close_;
  const std::shared_ptr<Answering> answering_;
  std::string pending_;  // the head, until the first part of the body goes with it
  bool has_body_ = true, chunked_ = false, finished_ = false, ended_ = false;
  std::function<void()> left_;
};

/// Hears of each connection's end.
struct StateListener {
  ConnectionTable* table;
  void state_changed(const restinio::connection_state::notice_t& notice) {
    if (std::holds_alternative<restinio::connection_state::closed_t>(notice.cause()))
      table->remove(notice.connection_id());
  }
};

struct Traits : restinio::default_single_thread_traits_t {
  using stream_socket_t = ConnectionSocket;
  using connection_state_listener_t = StateListener;
};
using ConnectionSettings = restinio::impl::connection_settings_t<Traits>;
using ConnectionFactory = restinio::impl::connection_factory_t<Traits>;

RawRequest read_raw(const restinio::request_t& request) {
  RawRequest raw;
  raw.method = request.header().method().c_str();
  raw.target = std::string(request.header().request_target());
  request.header().for_each_field([&raw](const auto& field) { raw.headers.emplace_back(field.name(), field.value()); });
  raw.body = request.body();
  raw.remote_address = request.remote_endpoint().address().to_string();
  return raw;
}

class RestinioTransport : public Transport {
 public:
  RestinioTransport(TransportOptions options, OnRequest on_request)
      : options_(std::move(options)),
        on_request_(std::move(on_request)),
        table_(connections_within(raise_file_limit(), options_.max_connections), options_.max_connections_per_address) {
    answering_->loop = std::make_shared<AsioLoop>();
    incoming_->most = options_.max_incoming_bytes;
  }
  ~RestinioTransport() override { close(std::chrono::milliseconds(0)); }

  void start() override {
    factory_ = make_factory();
    listen();
    answering_->loop->start();
    answering_->loop->post([this] { accept_next(); });
  }

  int64_t port() const override { return port_; }
  std::shared_ptr<EventLoop> loop() const override { return answering_->loop; }
  int64_t connections() const override { return table_.size(); }

  void stop_accepting() override {
    answering_->draining = true;
    answering_->loop->post([this] {
      Fault ignored;
      if (acceptor_) acceptor_->close(ignored);
    });
  }

  void close(std::chrono::milliseconds grace) override {
    if (std::exchange(closed_, true)) return;
    stop_accepting();
    const auto deadline = std::chrono::steady_clock::now() + grace;
    while (answering_->unfinished > 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    answering_->loop->halt();
    table_.clear();
    retry_.reset();
    acceptor_.reset();
    answering_->loop->stop();
  }

 private:
  std::shared_ptr<ConnectionFactory> make_factory();
  void listen();
  void accept_next();
  void take(ConnectionSocket socket);
  restinio::request_handling_status_t handle(const restinio::request_handle_t& request) noexcept;

  const TransportOptions options_;
  const OnRequest on_request_;
  const std::shared_ptr<Answering> answering_ = std::make_shared<Answering>();
  const std::shared_ptr<IncomingBytes> incoming_ = std::make_shared<IncomingBytes>();
  ConnectionTable table_;
  std::shared_ptr<ConnectionFactory> factory_;
  std::optional<tcp::acceptor> acceptor_;
  EventLoop::Timer retry_;
  int64_t port_ = 0;
  bool is_short_ = false;  // the last accept failed
  bool closed_ = false;
};

std::shared_ptr<ConnectionFactory> RestinioTransport::make_factory() {
  // Long enough for every job; how long a request may wait is not this layer's business.
  constexpr auto kHandlerTime = std::chrono::hours(24 * 365);
  constexpr size_t kLongestField = 64u << 10, kMostFields = 1000;

  restinio::server_settings_t<Traits> settings;
  settings.request_handler([this](restinio::request_handle_t request) { return handle(request); })
      .connection_state_listener(std::make_shared<StateListener>(StateListener{&table_}))
      .read_next_http_message_timelimit(options_.read_timeout)
      .write_http_response_timelimit(options_.read_timeout)
      .handle_request_timeout(kHandlerTime)
      // With one, nothing is read while its answer is made, and a client's leaving goes unseen.
      .max_pipelined_requests(2)
      .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                    .max_url_size(options_.max_url_bytes)
                                    .max_field_name_size(kLongestField)
                                    .max_field_value_size(kLongestField)
                                    .max_field_count(kMostFields)
                                    .max_body_size(options_.max_body_bytes));
  auto timers = settings.timer_factory()->create(answering_->loop->context());
  auto socket_options = settings.socket_options_setter();
  auto shared = std::make_shared<ConnectionSettings>(
      settings, restinio::impl::create_parser_settings<Traits::http_methods_mapper_t>(), std::move(timers));
  return std::make_shared<ConnectionFactory>(std::move(shared), std::move(socket_options));
}

void RestinioTransport::listen() {
  Fault fault;
  const auto address = asio::ip::make_address(options_.host, fault);
  if (fault) throw Error(ErrorCode::bad_config, "server.host", "'" + options_.host + "' is no IP address");
  const tcp::endpoint endpoint(address, static_cast<uint16_t>(options_.port));
  acceptor_.emplace(answering_->loop->context());
  const auto must = [&](const char* what) {
    if (!fault) return;
    const bool is_port = fault == asio::error::address_in_use || fault == asio::error::access_denied;
    throw Error(ErrorCode::bad_config, is_port ? "server.port" : "server.host",
                "cannot " + std::string(what) + " " + options_.host + " port " + std::to_string(options_.port) + ": " +
                    fault.message() + (is_port ? "; another port can be given, 0 takes any free one" : ""));
  };
  acceptor_->open(endpoint.protocol(), fault), must("open a socket for");
  fcntl(acceptor_->native_handle(), F_SETFD, FD_CLOEXEC);  // workers must not keep the port
  acceptor_->set_option(tcp::acceptor::reuse_address(true), fault), must("prepare");
  acceptor_->bind(endpoint, fault), must("bind");
  acceptor_->listen(asio::socket_base::max_listen_connections, fault), must("listen on");
  port_ = acceptor_->local_endpoint().port();
}

void RestinioTransport::accept_next() {
  constexpr auto kPause = std::chrono::milliseconds(100);
  auto socket = std::make_shared<ConnectionSocket>(answering_->loop->context());
  acceptor_->async_accept(*socket, [this, socket](const Fault& fault) {
    if (fault == asio::error::operation_aborted || !acceptor_->is_open()) return;
    if (!fault) {
      is_short_ = false;
      table_.has_room() ? take(std::move(*socket)) : socket->refuse();
      return accept_next();
    }
    // No descriptors or no memory: what is lacking now may be there soon.
    if (!std::exchange(is_short_, true)) spdlog::warn("connections cannot be accepted: {}", fault.message());
    retry_ = answering_->loop->after(kPause, [this] { accept_next(); });
  });
}

void RestinioTransport::take(ConnectionSocket socket) {
  Fault fault;
  const tcp::endpoint remote = socket.remote_endpoint(fault);
  if (fault) return;  // reset in the meantime
  fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  const std::string address = remote.address().to_string();
  if (!table_.has_room_for(address)) return socket.refuse();
  socket.share(incoming_);
  try {
    const auto connection = factory_->create_new_connection(std::move(socket), remote, {/*limiter=*/nullptr});
    table_.add(connection->connection_id(), address);
    connection->init();
  } catch (const std::exception& e) {
    spdlog::warn("a connection could not be taken: {}", e.what());
  }
}

restinio::request_handling_status_t RestinioTransport::handle(const restinio::request_handle_t& request) noexcept {
  try {
    const auto connection = request->connection_id();
    RawRequest raw = read_raw(*request);
    const auto reply = std::make_shared<RestinioReply>(request, answering_);
    table_.attach(connection, reply);
    on_request_(std::move(raw), reply);
  } catch (const std::exception& e) {  // the answer, if any, is cut by its destructor
    spdlog::error("a request could not be handled: {}", e.what());
  } catch (...) {
    spdlog::error("a request could not be handled: unknown fault");
  }
  return restinio::request_accepted();
}

}  // namespace

std::unique_ptr<Transport> make_transport(TransportOptions options, OnRequest on_request) {
  return std::make_unique<RestinioTransport>(std::move(options), std::move(on_request));
}

}  // namespace alice
