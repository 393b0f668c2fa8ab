#pragma once
// Paths that are not here: what a client that asks for one is told.

#include <string>

#include "server/front/http/api_error.h"

namespace alice {

/// 404. Of the known doors of other servers it says that they are not built, and which to take instead. (501 would
/// be the better word, but OpenAI's clients ask again after every 5xx.)
ApiError nothing_at(const std::string& path);

}  // namespace alice
