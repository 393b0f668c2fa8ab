#pragma once
// The worker's log: lines that the front writes as its own.

#include <string>

#include "server/logging.h"
#include "server/worker/session/front_link.h"

namespace alice {

/// Makes spdlog's default logger send its lines as LogLine over `front` (to standard error when the front is gone), at
/// the level of `config`. `front` must live as long as the process logs. Call it once, before other threads log.
void start_front_log(FrontLink& front, const LoggingConfig& config);

/// While it lives, lines of this thread are about a job.
class LogAboutJob {
 public:
  explicit LogAboutJob(const std::string& job);
  ~LogAboutJob();
  LogAboutJob(const LogAboutJob&) = delete;
  LogAboutJob& operator=(const LogAboutJob&) = delete;
};

}  // namespace alice
