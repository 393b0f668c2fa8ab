#pragma once
// One worker: started, spoken with over its socket, watched until its end.

#include <sys/types.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/link/frame.h"
#include "server/link/message.h"

namespace alice {

/// How a worker ended.
struct WorkerEnd {
  std::string reason;        ///< for counting: "SIGSEGV", "exit 3", "step timeout"
  std::string sentence;      ///< "the worker ended by SIGSEGV"
  std::string preload = {};  ///< the model that it preloaded when it ended; "": none
  /// The model that it looked at when it ended, and the stamp of its files (LookingAt); "": none, or it had a job too,
  /// and which of both it died of cannot be told.
  std::string looked_at = {}, looked_at_stamp = {};
};

// Reasons of ends (WorkerEnd::reason).
inline constexpr const char* kLookTimeout = "look timeout";  ///< it was not done with looking at a model
inline constexpr const char* kHeartbeatEnd = "heartbeat";    ///< it answered no ping
inline constexpr const char* kMemoryLimitEnd = "memory limit";  ///< it took more than it may: another would, too
inline constexpr const char* kCancelledEnd = "cancelled";      ///< it did not let go of a cancelled job: no death

/// A process that speaks the link (server/link/message.h) on descriptor 3. Standard output and error go to our standard
/// error, every other descriptor is closed, signals are as they are by default, and it is a process group of its own,
/// so that Ctrl-C in a terminal reaches the front alone. To the environment are added, where it has them not:
/// GOMP_SPINCOUNT, MALLOC_ARENA_MAX and the sizes of oneDNN's caches.
///
/// Everything happens on the thread that runs the io_context, callbacks too.
class WorkerProcess : public std::enable_shared_from_this<WorkerProcess> {
 public:
  using OnMessage = std::function<void(ToFront)>;
  using OnEnd = std::function<void(const WorkerEnd&)>;

  /// `arguments`: the program's path first. `on_end` comes once, after the last message that was in the socket.
  /// A worker that sends what is no message, or closes its socket and lives on, is killed.
  /// Throws Error(internal) that names the program when it cannot be started.
  static std::shared_ptr<WorkerProcess> start(boost::asio::io_context& io, const std::vector<std::string>& arguments,
                                              OnMessage on_message, OnEnd on_end);
  /// As stop().
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// Never blocks; what a worker does not read waits here.
  void send(const ToWorker& message);
  /// Its end is then told with this reason and sentence. The first call counts.
  void kill(const std::string& reason, const std::string& sentence);
  /// Kills it and waits for its end, which is not told. Without effect when it has ended.
  void stop();

 private:
  WorkerProcess(boost::asio::io_context& io, const std::vector<std::string>& arguments, OnMessage on_message,
                OnEnd on_end);
  void listen();
  void watch_end();
  void await_end_after_silence();
  void write();
  void take(size_t count);
  std::optional<ToFront> next_message();
  void take_rest();
  void ended();
  void close();

  pid_t pid_ = -1;
  boost::asio::local::stream_protocol::socket socket_;
  boost::asio::posix::stream_descriptor process_;  // a pidfd
  boost::asio::steady_timer grace_;
  OnMessage on_message_;
  OnEnd on_end_;
  FrameReader frames_;
  std::array<char, 64 * 1024> buffer_;
  std::deque<std::string> outbox_;
  WorkerEnd kill_;       // why we killed it; empty: we did not
  bool follows_ = true;  // the link, which cannot be followed after a fault
  bool has_ended_ = false;
};

}  // namespace alice
