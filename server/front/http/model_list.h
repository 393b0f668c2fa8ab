#pragma once
// The models that a worker has described (server/link/message.h, Described).

#include <string>

#include "core/base/json.h"

namespace alice {

/// GET /v1/models' answer.
Json list_models(const Json& description);
/// The entry of one model; null when there is none of that id.
Json find_model(const Json& description, const std::string& id);
/// How many models can be used.
int64_t count_models(const Json& description);

}  // namespace alice
