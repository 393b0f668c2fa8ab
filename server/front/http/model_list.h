#pragma once
// The models that workers have described (server/link/message.h, Described), and the groups of workers that serve them.

#include <string>

#include "core/base/json.h"
#include "server/front/job_service.h"

namespace alice {

/// GET /v1/models' answer.
Json list_models(const ServerState& state);
/// The entry of one model; null when there is none of that id.
Json find_model(const ServerState& state, const std::string& id);
/// How many models can be used.
int64_t count_models(const Json& description);

/// "ready", "resting" (it takes no jobs for a while) or "starting" (no worker is ready; jobs wait).
const char* word_of(const GroupState& group);
/// GET /health's groups.
Json list_groups(const ServerState& state);

}  // namespace alice
