#include "server/front/http/doors/alice/process_stats.h"

#include <sys/resource.h>

#include <filesystem>

#include "core/base/machine_memory.h"

namespace alice {
namespace {

int64_t open_files() {
  std::error_code fault;
  int64_t count = -1;  // reading the folder opens it
  for (std::filesystem::directory_iterator file("/proc/self/fd", fault), end; !fault && file != end;
       file.increment(fault))
    ++count;
  return count > 0 ? count : 0;
}

}  // namespace

ProcessStats read_process_stats() {
  constexpr double kMicro = 1e-6;
  ProcessStats stats;
  stats.resident_bytes = resident_memory();
  stats.open_files = open_files();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.most_files = static_cast<int64_t>(limit.rlim_cur);
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) == 0)
    for (const timeval& time : {usage.ru_utime, usage.ru_stime})
      stats.cpu_seconds += static_cast<double>(time.tv_sec) + kMicro * static_cast<double>(time.tv_usec);
  return stats;
}

}  // namespace alice
