#pragma once
// How much memory tensors have, at most, while something runs.

#include <cstdint>
#include <memory>

#include <c10/util/ThreadLocalDebugInfo.h>

namespace alice {

/// From its making to its end; one thread, which must run what is watched. Counts what libtorch's allocator for the
/// main memory gives and takes back on this thread: neither mapped files nor what libraries take by themselves. Not
/// inside another one.
class MemoryWatch {
 public:
  MemoryWatch();
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  /// Bytes, at the moment when there were most.
  int64_t most() const;

 private:
  class Account;
  const std::shared_ptr<Account> account_;
  const c10::DebugInfoGuard guard_;
};

}  // namespace alice
