#include "server/front/process_memory.h"

#include <fstream>
#include <string>

namespace alice {

std::optional<int64_t> private_memory(pid_t process) {
  constexpr int64_t kKibibyte = 1024;
  std::ifstream status("/proc/" + std::to_string(process) + "/status");  // proc(5)
  int64_t sum = 0;
  bool is_told = false;  // a process that has ended and not been waited for has no such lines
  for (std::string line; std::getline(status, line);)
    for (const std::string name : {"RssAnon:", "RssShmem:", "VmSwap:"})
      if (line.compare(0, name.size(), name) == 0) {
        sum += std::stoll(line.substr(name.size())) * kKibibyte;
        is_told = true;
      }
  return is_told ? std::optional(sum) : std::nullopt;
}

}  // namespace alice
