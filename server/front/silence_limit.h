#pragma once
// How long a worker may be silent about one thing.

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "server/front/worker_process.h"

namespace alice {

/// Kills a worker's process when it is not cleared, or set anew, in time. Belongs to the thread that runs the
/// io_context.
class SilenceLimit {
 public:
  explicit SilenceLimit(boost::asio::io_context& io) : timer_(io) {}
  ~SilenceLimit() { clear(); }
  SilenceLimit(const SilenceLimit&) = delete;
  SilenceLimit& operator=(const SilenceLimit&) = delete;

  bool is_set() const { return is_set_; }
  /// `reason`, `sentence`: of its end (WorkerProcess::kill()).
  void set(const std::shared_ptr<WorkerProcess>& process, std::chrono::milliseconds time, const std::string& reason,
           const std::string& sentence);
  void clear();

 private:
  boost::asio::steady_timer timer_;
  bool is_set_ = false;
  // A call that was on its way when the timer was set anew does not count, nor one that outlives this.
  const std::shared_ptr<size_t> round_ = std::make_shared<size_t>(0);
};

}  // namespace alice
