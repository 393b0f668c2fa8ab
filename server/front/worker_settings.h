#pragma once
// How workers are started and supervised.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace alice {

struct WorkerSettings {
  std::vector<std::string> arguments;  ///< the worker's program and what it is told
  size_t workers = 1;
  std::chrono::milliseconds step_timeout{600'000};   ///< a worker is silent about its job for so long: killed
  std::chrono::milliseconds start_timeout{120'000};  ///< a worker does not describe itself for so long: killed
  std::chrono::milliseconds first_pause{100};        ///< after a false start; twice as long after the next, and so on
  std::chrono::milliseconds longest_pause{30'000};
};

}  // namespace alice
