#pragma once
// A thread that does what is posted to it, until it is closed.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <thread>
#include <utility>

namespace alice {

class DeskThread {
 public:
  DeskThread() = default;
  /// start() must have been followed by stop().
  ~DeskThread() = default;
  DeskThread(const DeskThread&) = delete;
  DeskThread& operator=(const DeskThread&) = delete;

  /// For timers and sockets of objects that live on the thread.
  boost::asio::io_context& io() { return io_; }
  void start();

  /// Calls action(false) on the thread. Once it is closed: action(true), on the thread when it was on its way already,
  /// else on the caller's, and then `action` may touch nothing that lives on the thread. Any thread.
  template <class Action>
  void post(Action action) {
    {
      const std::lock_guard lock(mutex_);
      if (!stopped_) return boost::asio::post(io_, [this, action = std::move(action)] { action(closed_); });
    }
    action(true);
  }

  /// Calls `close` on the thread, which must end everything that waits there; then the thread ends. Returns when it
  /// has. Any thread but this one; a second call does nothing.
  template <class Close>
  void stop(Close close) {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(stopped_, true)) return;
      boost::asio::post(io_, [this, close = std::move(close)] {
        close();
        closed_ = true;
        guard_.reset();
      });
    }
    thread_.join();
  }

 private:
  void run();

  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::mutex mutex_;
  bool stopped_ = false;  // nothing is posted any more; under the mutex
  bool closed_ = false;   // the thread's own
  std::thread thread_;
};

}  // namespace alice
