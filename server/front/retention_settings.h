#pragma once
// Retention as the configuration has it.

#include "server/config/server_config.h"
#include "server/jobs/retention.h"

namespace alice {

/// With the original's words for pictures (storage.retention_days, max_storage_gb) beside those of `retention`; jobs and
/// pictures of the last hour are spared.
Retention retention_of(const ServerConfig& server);

}  // namespace alice
