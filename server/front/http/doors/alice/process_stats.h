#pragma once
// What this process uses, from /proc/self.

#include <cstdint>

namespace alice {

struct ProcessStats {
  int64_t resident_bytes = 0;
  int64_t open_files = 0, most_files = 0;
  double cpu_seconds = 0;  ///< user and system
};

/// What cannot be read is 0.
ProcessStats read_process_stats();

}  // namespace alice
