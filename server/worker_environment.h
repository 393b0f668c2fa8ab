#pragma once
// The environment that a worker is started with.

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace alice {

/// Ours, and, where it has them not, what keeps a worker from spinning and its memory from creeping: libgomp's threads
/// spin for a moment only, two malloc arenas, small caches of oneDNN's primitives. "NAME=value" each. While no other
/// thread changes the environment.
inline std::vector<std::string> worker_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  for (const char* entry :
       {"GOMP_SPINCOUNT=1000", "MALLOC_ARENA_MAX=2", "ONEDNN_PRIMITIVE_CACHE_CAPACITY=16", "LRU_CACHE_CAPACITY=16"})
    if (std::getenv(std::string(entry, std::strchr(entry, '=')).c_str()) == nullptr) environment.emplace_back(entry);
  return environment;
}

/// As execve() wants it; the pointers are into `words`, and the last is null.
inline std::vector<char*> null_ended(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

}  // namespace alice
