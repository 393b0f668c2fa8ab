#include "core/host/memory_watch.h"

#include <c10/core/Allocator.h>

#include <algorithm>

namespace alice {

class MemoryWatch::Account final : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void*, int64_t change, int64_t, int64_t, c10::Device device) override {
    if (!device.is_cpu()) return;
    held_ += change;
    most_ = std::max(most_, held_);
  }
  bool memoryProfilingEnabled() const override { return true; }

  int64_t most() const { return most_; }

 private:
  int64_t held_ = 0, most_ = 0;
};

MemoryWatch::MemoryWatch()
    : account_(std::make_shared<Account>()), guard_(c10::DebugInfoKind::PROFILER_STATE, account_) {}

MemoryWatch::~MemoryWatch() = default;

int64_t MemoryWatch::most() const { return account_->most(); }

}  // namespace alice
