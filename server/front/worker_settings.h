#pragma once
// How workers are started and supervised.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "server/front/breaker.h"

namespace alice {

struct WorkerSettings {
  std::string log_name;                ///< before a worker's number in the log: "sandbox/"
  std::vector<std::string> arguments;  ///< the worker's program and what it is told
  std::vector<std::filesystem::path>
      plugins;                       ///< libraries, and folders of them, that it loads: to see when they change
  std::vector<std::string> preload;  ///< models, by id, that a worker loads and tries while no job waits, in this order
  size_t workers = 1;
  int64_t memory_limit = 0;  ///< bytes; a worker that takes more is killed; 0: none
  std::chrono::milliseconds step_timeout{
      600'000};  ///< a worker is silent about its job, or its preload, for so long: killed
  std::chrono::milliseconds start_timeout{120'000};  ///< a worker does not describe itself for so long: killed
  std::chrono::milliseconds look_timeout{30'000};    ///< a worker looks at one model for so long: killed
  std::chrono::milliseconds heartbeat{10'000};       ///< between two pings; three without an answer: killed
  std::chrono::milliseconds cancel_grace{3'000};     ///< it does not let go of a cancelled job for so long: killed
  std::chrono::milliseconds first_pause{100};        ///< after a false start; twice as long after the next, and so on
  std::chrono::milliseconds longest_pause{30'000};
};

/// Workers that serve some models, and no others do.
struct WorkerGroupSettings {
  std::string name;
  std::vector<std::string> models;  ///< ids
  WorkerSettings workers;
  int64_t job_attempts = 3;  ///< a job that so many workers died of fails
  Breaker::Settings breaker;
  double most_seconds = 0;  ///< a job that would take longer, by its estimate, is refused; 0: any
};

}  // namespace alice
