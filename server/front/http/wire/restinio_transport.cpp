// The transport over RESTinio 0.6: it keeps the order of pipelined answers, and guards the times; connections are
// accepted and requests are read here. RESTinio's own acceptor cannot be kept alive: one failed accept() ends it for
// good, and a client that resets its connection at once, or is turned away, takes a place of its connection limiter
// with it.

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio.hpp>
#include <restinio/all.hpp>
#include <utility>

#include "core/base/error.h"
#include "server/front/http/wire/asio_loop.h"
#include "server/front/http/wire/connection_socket.h"
#include "server/front/http/wire/connection_table.h"
#include "server/front/http/wire/file_limit.h"
#include "server/front/http/wire/restinio_reply.h"
#include "server/front/http/wire/transport.h"

namespace alice {
namespace {

/// Bytes of answers that the system keeps for a client that does not read them. Of a faster one a path of 50 ms takes
/// 5 MB/s with it.
constexpr int kSendBuffer = 256 << 10;

namespace asio = boost::asio;
using asio::ip::tcp;
using Fault = boost::system::error_code;

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

class RestinioTransport : public Transport {
 public:
  RestinioTransport(TransportOptions options, OnRequest on_request)
      : options_(std::move(options)),
        on_request_(std::move(on_request)),
        table_(connections_within(raise_file_limit(), options_.max_connections), options_.max_connections_per_address) {
    answering_->loop = std::make_shared<AsioLoop>();
    incoming_->most = options_.max_incoming_bytes;
    answering_->outgoing->most = options_.max_outgoing_bytes;
  }
  ~RestinioTransport() override { close(std::chrono::milliseconds(0)); }

  void start() override {
    factory_ = make_factory();
    listen();
    answering_->loop->start();
    answering_->loop->post([this] { accept_next(), tell_held_bytes(); });
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
    held_timer_.reset();
    acceptor_.reset();
    answering_->loop->stop();
  }

 private:
  std::shared_ptr<ConnectionFactory> make_factory();
  void listen();
  void accept_next();
  void accept_waiting();
  void take(ConnectionSocket socket);
  void tell_held_bytes();
  restinio::request_handling_status_t handle(const restinio::request_handle_t& request) noexcept;
  void pass_on(const restinio::request_handle_t& request);

  const TransportOptions options_;
  const OnRequest on_request_;
  const std::shared_ptr<Answering> answering_ = std::make_shared<Answering>();
  const std::shared_ptr<ByteBudget> incoming_ = std::make_shared<ByteBudget>();
  ConnectionTable table_;
  std::shared_ptr<ConnectionFactory> factory_;
  std::optional<tcp::acceptor> acceptor_;
  EventLoop::Timer retry_, held_timer_;
  int64_t port_ = 0;
  bool is_short_ = false;  // the last accept failed
  bool closed_ = false;
};

std::shared_ptr<ConnectionFactory> RestinioTransport::make_factory() {
  // Long enough for every job; how long a request may wait is not this layer's business.
  constexpr auto kHandlerTime = std::chrono::hours(24 * 365);
  constexpr size_t kReadBuffer = 64;  // takes a request's stand-in

  restinio::server_settings_t<Traits> settings;
  settings.request_handler([this](restinio::request_handle_t request) { return handle(request); })
      .connection_state_listener(std::make_shared<StateListener>(StateListener{&table_}))
      .read_next_http_message_timelimit(options_.read_timeout)
      .write_http_response_timelimit(options_.read_timeout)
      .handle_request_timeout(kHandlerTime)
      // With one, nothing is read while its answer is made, and a client's leaving goes unseen.
      .max_pipelined_requests(2)
      .buffer_size(kReadBuffer);
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
  acceptor_->non_blocking(true, fault), must("prepare");
  port_ = acceptor_->local_endpoint().port();
}

void RestinioTransport::accept_next() {
  acceptor_->async_wait(tcp::acceptor::wait_read, [this](const Fault& fault) {
    if (fault == asio::error::operation_aborted || !acceptor_->is_open()) return;
    accept_waiting();
  });
}

/// All that wait, and not one a turn of the loop: else whoever comes last waits until those before have nothing left to
/// ask. So many at once, though, that the loop comes back to them.
void RestinioTransport::accept_waiting() {
  constexpr int kAtOnce = 1000;
  constexpr auto kPause = std::chrono::milliseconds(100);
  for (int i = 0; i < kAtOnce; ++i) {
    ConnectionSocket socket(answering_->loop->context());
    Fault fault;
    acceptor_->accept(socket, fault);
    if (fault == asio::error::would_block) break;
    if (fault == asio::error::connection_aborted) continue;
    if (fault) {
      // No descriptors or no memory: what is lacking now may be there soon.
      if (!std::exchange(is_short_, true)) spdlog::warn("connections cannot be accepted: {}", fault.message());
      retry_ = answering_->loop->after(kPause, [this] { accept_next(); });
      return;
    }
    is_short_ = false;
    take(std::move(socket));
  }
  accept_next();
}

void RestinioTransport::take(ConnectionSocket socket) {
  Fault fault;
  const tcp::endpoint remote = socket.remote_endpoint(fault);
  if (fault) return;  // reset in the meantime
  fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  socket.set_option(asio::socket_base::send_buffer_size(kSendBuffer), fault);  // else the system's, megabytes
  const std::string address = remote.address().to_string();
  const ConnectionTable::Place place = table_.place_for(address);
  if (place == ConnectionTable::Place::none) return socket.refuse();
  const auto input = std::make_shared<ConnectionInput>(options_.limits, options_.body_limit, incoming_);
  socket.reads_into(input);
  try {
    const auto connection = factory_->create_new_connection(std::move(socket), remote, {/*limiter=*/nullptr});
    table_.add(connection->connection_id(), address, input, place);
    connection->init();
  } catch (const std::exception& e) {
    spdlog::warn("a connection could not be taken: {}", e.what());
  }
}

void RestinioTransport::tell_held_bytes() {
  constexpr auto kPeriod = std::chrono::seconds(2);
  constexpr uint64_t kOfConnection = 8u << 10;  // measured
  uint64_t now = kOfConnection * static_cast<uint64_t>(table_.size()), highest = now;
  for (ByteBudget* budget : {incoming_.get(), answering_->outgoing.get()}) {
    now += budget->held;
    highest += std::exchange(budget->highest, budget->held);
  }
  options_.on_held_bytes(now, highest);
  held_timer_ = answering_->loop->after(kPeriod, [this] { tell_held_bytes(); });
}

restinio::request_handling_status_t RestinioTransport::handle(const restinio::request_handle_t& request) noexcept {
  try {
    pass_on(request);
  } catch (const std::exception& e) {  // the answer, if any, is cut by its destructor
    spdlog::error("a request could not be handled: {}", e.what());
  } catch (...) {
    spdlog::error("a request could not be handled: unknown fault");
  }
  return restinio::request_accepted();
}

/// `request` stands for the one that has come in past RESTinio.
void RestinioTransport::pass_on(const restinio::request_handle_t& request) {
  const auto id = request->connection_id();
  const auto input = table_.input_of(id);
  if (input == nullptr) return;
  IncomingRequest incoming = input->next();
  incoming.raw.remote_address = request->remote_endpoint().address().to_string();
  if (table_.is_for_probes(id)) {
    incoming.keep_alive = false;
    if (!incoming.refusal.has_value() && !options_.is_probe(incoming.raw)) incoming.refusal = no_room();
  }
  const auto answered = [this, id, input] {
    input->answered();
    if (!input->owes_answers()) table_.is_idle(id);
  };
  const auto reply = std::make_shared<RestinioReply>(request, incoming.keep_alive, answering_, answered);
  table_.attach(id, reply);
  on_request_(std::move(incoming), reply);
}

}  // namespace

std::unique_ptr<Transport> make_transport(TransportOptions options, OnRequest on_request) {
  return std::make_unique<RestinioTransport>(std::move(options), std::move(on_request));
}

}  // namespace alice
