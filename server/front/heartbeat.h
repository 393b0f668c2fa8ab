#pragma once
// Does a worker still hear?

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>

#include "server/front/worker_process.h"

namespace alice {

/// Pings a worker again and again, whatever it does, and kills it when it has left three pings without an answer: a
/// process that was stopped, or whose hearing thread hangs. Belongs to the thread that runs the io_context.
class Heartbeat {
 public:
  Heartbeat() = default;
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// Once. The first ping comes a period later.
  void start(boost::asio::io_context& io, const std::shared_ptr<WorkerProcess>& worker,
             std::chrono::milliseconds period);
  /// The worker has said Pong.
  void answered();

 private:
  class Beat;
  std::shared_ptr<Beat> beat_;
};

}  // namespace alice
