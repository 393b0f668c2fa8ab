#pragma once
// The description of the HTTP API for programs: OpenAPI 3.1, made from the routes and from what workers offer.

#include <vector>

#include "server/front/http/router.h"
#include "server/front/job_service.h"

namespace alice {

/// `state` gives the models, and the schedulers with their options. `base_url`: where the server is reached.
Json openapi_document(const std::vector<Route>& routes, const ServerState& state, const std::string& base_url,
                      bool asks_for_keys);

}  // namespace alice
