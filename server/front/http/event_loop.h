#pragma once
// The one thread that answers HTTP, as its handlers see it.

#include <chrono>
#include <functional>
#include <memory>

namespace alice {

class EventLoop {
 public:
  virtual ~EventLoop() = default;
  /// Runs `work` on the loop's thread, after what was posted before. From any thread, at any time; after the loop has
  /// stopped the work is never run.
  virtual void post(std::function<void()> work) = 0;

  /// When the last holder lets go, the work will not run any more.
  using Timer = std::shared_ptr<void>;
  /// Runs `work` once, `delay` from now. On the loop's thread only, which is where the timer must be let go too.
  virtual Timer after(std::chrono::milliseconds delay, std::function<void()> work) = 0;
};

}  // namespace alice
