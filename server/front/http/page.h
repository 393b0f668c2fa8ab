#pragma once
// The page at /, for people who open the server's address: what is here, and a command to paste.

#include <string>
#include <vector>

#include "server/front/http/router.h"
#include "server/front/job_service.h"

namespace alice {

/// HTML without scripts, styles or pictures. `base_url` as in openapi_document().
std::string page_of(const std::vector<Route>& routes, const ServerState& state, const std::string& base_url);

}  // namespace alice
