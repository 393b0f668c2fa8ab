#include "core/base/machine_memory.h"

#include <cstring>
#include <vector>

#include "core/base/estimate.h"
#include "tests/support/catch.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("what is available is what the machine has, or less where a control group has less") {
  const TempFolder root;
  CHECK_FALSE(available_memory(root.path()).has_value());
  root.write("proc/meminfo", "MemTotal:  9000 kB\nMemAvailable:   2000 kB\n");
  CHECK(available_memory(root.path()) == 2000 * 1024);
  root.write("proc/self/cgroup", "4:memory:/a/b\n0::/x/y\n");
  CHECK(available_memory(root.path()) == 2000 * 1024);
  root.write("sys/fs/cgroup/x/memory.max", "1000000\n");  // of the group above ours
  root.write("sys/fs/cgroup/x/memory.current", "400000\n");
  root.write("sys/fs/cgroup/x/y/memory.max", "max\n");
  root.write("sys/fs/cgroup/x/y/memory.current", "300000\n");
  CHECK(available_memory(root.path()) == 600000);
  root.write("sys/fs/cgroup/x/memory.stat", "anon 5\ninactive_file 1000\nactive_file 200\n");  // given up when wanted
  CHECK(available_memory(root.path()) == 601200);
  root.write("sys/fs/cgroup/memory/memory.limit_in_bytes", "500000\n");  // as in a container, at the root
  root.write("sys/fs/cgroup/memory/memory.usage_in_bytes", "600000\n");
  CHECK(available_memory(root.path()) == 0);
}

TEST_CASE("memory that a process takes is its own, and in memory") {
  constexpr size_t kBytes = 50'000'000;
  const int64_t own = own_memory(), resident = resident_memory();
  std::vector<char> taken(kBytes);
  std::memset(taken.data(), 1, kBytes);
  CHECK(own_memory() - own >= static_cast<int64_t>(kBytes) * 9 / 10);
  CHECK(resident_memory() - resident >= static_cast<int64_t>(kBytes) * 9 / 10);
  CHECK(available_memory().value() > 0);
}

TEST_CASE("an estimate is told in units that people use, with two digits") {
  Estimate estimate;
  estimate.seconds = 540, estimate.bytes = 12'000'000'000;
  CHECK(in_words(estimate) == "about 9 min and 12 GB");
  CHECK(time_in_words(0.31) == "0.3 s");
  CHECK(time_in_words(59) == "59 s");
  CHECK(time_in_words(150) == "2.5 min");
  CHECK(time_in_words(7200) == "2 h");
  CHECK(size_in_words(256'400'000) == "256 MB");
  CHECK(size_in_words(4'900'000'000) == "4.9 GB");
}
