#pragma once
// Connections that bring requests and take answers. Its implementation (restinio_*, connection_socket.h, asio_loop.h)
// alone includes RESTinio and Asio's sockets: nothing above it knows them.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/front/http/api_error.h"
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

/// A request that has come to its end, or the reason why it is answered without.
struct IncomingRequest {
  RawRequest raw;          ///< of a refused one: what was understood of it
  bool keep_alive = true;  ///< the connection may go on after its answer
  std::optional<ApiError> refusal;
};

/// How many bytes of body are read for a request with this head.
using BodyLimit = std::function<uint64_t(const RawRequest& head)>;

/// What stands before an answer's body.
struct ReplyHead {
  int status = 200;
  std::string reason;              ///< printable ASCII; "": the status's own phrase
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
  /// Whether so many bytes may wait in memory for clients to read them, beside those that wait already.
  virtual bool has_room_for(uint64_t bytes) const = 0;
  /// Says that whoever makes this answer keeps so many bytes for it until its end.
  virtual void keeps(uint64_t bytes) = 0;
  /// `left` runs when the connection ends before finish() or abort(); not afterwards. Replaces an earlier one.
  virtual void on_closed(std::function<void()> left) = 0;
};

/// Beyond these a request is refused: 414, 431; and for a body 413.
struct ReadLimits {
  size_t target_bytes = 8192;
  size_t header_count = 100;
  size_t header_bytes = 32u << 10;  ///< names and values together
  /// A body beyond its limit is read up to here, so that the client hears the answer, but not kept.
  uint64_t discarded_bytes = 64u << 20;
};

struct TransportOptions {
  std::string host;  ///< an address
  int64_t port = 0;  ///< 0: any free one
  int64_t max_connections = 4096, max_connections_per_address = 3072;
  ReadLimits limits;
  BodyLimit body_limit;  ///< called on the loop's thread
  /// Whether a request asks how the server is. A few connections beyond the most are taken for these alone.
  std::function<bool(const RawRequest& head)> is_probe;
  /// Of all requests together that are not answered yet; beyond it those of more than 64 KiB are refused.
  uint64_t max_incoming_bytes = 256u << 20;
  /// Of all answers together that clients have not read yet: ReplyStream::has_room_for().
  uint64_t max_outgoing_bytes = 256u << 20;
  /// Is told every other second, on the loop's thread, how many bytes requests and unread answers hold, and the most that
  /// they held since the last time.
  std::function<void(uint64_t now, uint64_t highest)> on_held_bytes;
  std::chrono::milliseconds read_timeout{60'000};  ///< for a request to arrive, for an idle connection, for each write
};

/// Called on the loop's thread; must not throw.
using OnRequest = std::function<void(IncomingRequest, std::shared_ptr<ReplyStream>)>;

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
