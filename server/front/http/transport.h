#pragma once
// Connections that bring requests and take answers. Its implementation is the only file that includes RESTinio and
// Asio: nothing above it knows them.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/front/http/event_loop.h"
#include "server/front/http/headers.h"

namespace alice {

/// A request as it stood on the wire.
struct RawRequest {
  std::string method;  ///< "GET"
  std::string target;  ///< "/v1/jobs?limit=3"
  Headers headers;
  std::string body;            ///< whole, without its chunks
  std::string remote_address;  ///< "127.0.0.1", "::1"
};

/// What stands before an answer's body.
struct ReplyHead {
  int status = 200;
  Headers headers;                 ///< without Connection, Content-Length, Transfer-Encoding: these follow from below
  std::optional<uint64_t> length;  ///< of the body; absent: sent in chunks, its end is known when it is there
  bool has_body = true;            ///< false: answers to HEAD, 204, 304. `length` is then what it would be
  bool close = false;              ///< the connection ends with this answer
};

/// What was written has left for the client (true), or never will (false). Comes from the loop, never from within the
/// call that it belongs to.
using OnWritten = std::function<void(bool)>;

/// The way back for one request's answer. On the loop's thread only.
class ReplyStream {
 public:
  /// Without finish() the answer ends here and the connection with it, so that the client sees that it is cut.
  virtual ~ReplyStream() = default;
  /// Once, before all else. Nothing is sent yet.
  virtual void begin(const ReplyHead& head) = 0;
  /// Sends a part of the body. Writing more before `then` came piles up memory.
  virtual void write(std::string bytes, OnWritten then) = 0;
  /// Sends the last part; the last call but for the destructor.
  virtual void finish(std::string bytes) = 0;
  /// Ends the answer before its end, and the connection.
  virtual void abort() = 0;
  /// Whether anybody still waits for this answer.
  virtual bool is_open() const = 0;
  /// `left` runs when the connection ends before finish() or abort(); not afterwards. Replaces an earlier one.
  virtual void on_closed(std::function<void()> left) = 0;
};

struct TransportOptions {
  std::string host;  ///< an address
  int64_t port = 0;  ///< 0: any free one
  int64_t max_connections = 4096, max_connections_per_address = 3072;
  /// Above the limits that are answered as JSON; beyond these the answer is a short 400 and the connection's end.
  uint64_t max_url_bytes = 64u << 10, max_body_bytes = 64u << 20;
  /// Of all requests together that are not answered yet; beyond it those of more than 64 KiB are refused.
  uint64_t max_incoming_bytes = 256u << 20;
  std::chrono::milliseconds read_timeout{60'000};  ///< for a request to arrive, for an idle connection, for each write
};

/// Called on the loop's thread; must not throw.
using OnRequest = std::function<void(RawRequest, std::shared_ptr<ReplyStream>)>;

class Transport {
 public:
  virtual ~Transport() = default;  ///< as close()
  /// Binds, and answers on a thread of its own from now on. Throws Error(bad_config) at "server.port" or "server.host".
  virtual void start() = 0;
  virtual int64_t port() const = 0;  ///< the one that was bound
  virtual std::shared_ptr<EventLoop> loop() const = 0;
  virtual int64_t connections() const = 0;  ///< open now; from any thread
  /// New connections are refused and kept ones end with their next answer. From any thread.
  virtual void stop_accepting() = 0;
  /// Waits at most `grace` for answers that are under way, then ends every connection and the thread. Not from the
  /// loop's thread.
  virtual void close(std::chrono::milliseconds grace) = 0;
};

std::unique_ptr<Transport> make_transport(TransportOptions options, OnRequest on_request);

}  // namespace alice
