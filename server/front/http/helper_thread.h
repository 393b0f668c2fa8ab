#pragma once
// A thread for work that would hold up the loop: one piece after the other, in the order in which they came.

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <thread>

namespace alice {

class HelperThread {
 public:
  HelperThread();
  /// Waits for the piece at work; what waits is dropped.
  ~HelperThread();
  HelperThread(const HelperThread&) = delete;
  HelperThread& operator=(const HelperThread&) = delete;

  /// `work` must not throw. From any thread.
  void post(std::function<void()> work);
  /// Pieces that wait or are at work.
  int64_t waiting() const { return waiting_; }

 private:
  boost::asio::io_context work_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{work_.get_executor()};
  std::atomic<int64_t> waiting_{0};
  std::thread thread_;
};

}  // namespace alice
