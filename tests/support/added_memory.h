#pragma once
// What a piece of work adds to a process's memory.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

#include "tests/support/catch.h"

namespace alice::test {

/// The most bytes that `work` has beside what was there before. It is done in a child, of whose memory nothing was used
/// already; it must not want threads, which are not there.
template <class Work>
int64_t added_memory(Work work) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    int64_t pages = 0, resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    try {
      work();
    } catch (...) {
      _exit(1);  // not up into a test that has gone on in the parent
    }
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const int64_t added = static_cast<int64_t>(usage.ru_maxrss) * 1024 - resident * sysconf(_SC_PAGESIZE);
    _exit(write(ends[1], &added, sizeof added) == sizeof added ? 0 : 1);
  }
  close(ends[1]);
  int64_t added = -1;
  const bool is_told = read(ends[0], &added, sizeof added) == sizeof added;
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(is_told);
  REQUIRE(status == 0);
  return added;
}

}  // namespace alice::test
