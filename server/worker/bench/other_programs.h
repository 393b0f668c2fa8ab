#pragma once
// What other programs take of this machine meanwhile.

#include <optional>

namespace alice::bench {

/// Begins to watch when it is made. On Linux, by /proc/stat, whose ticks are 10 ms.
class OtherPrograms {
 public:
  OtherPrograms();

  /// Of all processors' time since the beginning, 0 to 1: what was neither idle nor ours, the hypervisor's part of it
  /// included. own_seconds: processor time that was ours. Nothing where /proc/stat does not tell.
  std::optional<double> share(double own_seconds) const;

 private:
  std::optional<double> busy_;  // seconds of all processors
  double clock_;
};

}  // namespace alice::bench
