#pragma once
// Whether the job store works, and when it is tried again.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "core/base/error.h"

namespace alice {

/// All of it belongs to the thread that runs the io_context.
class StoreHealth {
 public:
  /// `retry` is called every second while the store is in trouble: it does again what failed.
  StoreHealth(boost::asio::io_context& io, std::function<void()> retry);

  /// The store threw this. The first of a row is logged.
  void failed(const Error& error);
  /// The store has written something.
  void works();
  /// Why it failed lately, for people; "" when it works.
  const std::string& trouble() const { return trouble_; }
  /// Does not retry any more.
  void stop() { timer_.cancel(); }

 private:
  void retry_soon();

  std::function<void()> retry_;
  boost::asio::steady_timer timer_;
  std::string trouble_;
  std::chrono::steady_clock::time_point failed_at_;
  bool is_waiting_ = false;  // the timer runs
};

}  // namespace alice
