#pragma once
// The models that workers have described (server/link/message.h, Described), and the groups of workers that serve them.

#include <string>

#include "core/base/json.h"
#include "server/front/job_service.h"

namespace alice {

/// GET /v1/models' answer.
Json list_models(const ServerState& state);
/// The entry of one model, by its id or what stands behind the id's kind; null when there is none.
Json find_model(const ServerState& state, const std::string& name);
/// What a worker says of the model that a request means by `name` ("": the default one); null when nothing is known.
Json described_model(const ServerState& state, const std::string& name);
/// GET /v1/loras' answer.
Json list_loras(const ServerState& state);
/// How many models can be used.
int64_t count_models(const Json& description);

/// "ready", "resting" (it takes no jobs for a while) or "starting" (no worker is ready; jobs wait).
const char* word_of(const GroupState& group);
/// GET /health's groups.
Json list_groups(const ServerState& state);

}  // namespace alice
