#pragma once
// The event loop over a Boost.Asio io_context.

#include <boost/asio.hpp>
#include <memory>
#include <mutex>
#include <thread>

#include "server/front/http/event_loop.h"

namespace alice {

class AsioLoop : public EventLoop {
 public:
  ~AsioLoop() override { stop(); }

  void start();
  /// Ends the thread; what has not run yet stays where it is. Not from the loop's thread.
  void halt();
  /// Halts and drops the context with all that has not run yet; sockets and acceptors on it must be gone.
  void stop();
  boost::asio::io_context& context() { return *context_; }

  void post(std::function<void()> work) override;
  Timer after(std::chrono::milliseconds delay, std::function<void()> work) override;

 private:
  std::mutex mutex_;  // guards context_ between post() and stop()
  std::unique_ptr<boost::asio::io_context> context_ = std::make_unique<boost::asio::io_context>(1);
  std::thread thread_;
};

}  // namespace alice
