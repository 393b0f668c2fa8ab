#pragma once
// The schemas of what models and plugins decide: which names there are, and which options they take.

#include "core/base/json.h"
#include "server/front/job_service.h"

namespace alice {

/// "ModelId", "Scheduler" and "SchedulerOptions" -> a JSON Schema (2020-12), by what workers have described.
Json described_schemas(const ServerState& state);

}  // namespace alice
