#pragma once
// The key that a request shows.

#include <optional>
#include <string>

#include "server/front/http/http_request.h"

namespace alice {

/// From the first of X-Admin-Key, Authorization (Bearer; Basic, whose password it is, whatever the name), X-Api-Key and
/// the path (/k/KEY/...) that has one. What clients make of an empty setting is none: nothing, "Basic ", Basic of ":",
/// and the word "undefined". Nothing when there is none.
std::optional<std::string> shown_key(const HttpRequest& request);

/// Whether it came with Basic, from a browser: that sends the password to whoever's page asks. Told by Origin,
/// Sec-Fetch-Site, Referer, or a User-Agent that begins with Mozilla/, of which other programs send none.
bool is_browsers_basic(const HttpRequest& request);

}  // namespace alice
