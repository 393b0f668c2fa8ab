#pragma once
// The cookie that tells who is signed in (RFC 6265). Scripts of pages cannot read it, and other sites' pages cannot
// make a browser send it along with a write.

#include <cstdint>
#include <optional>
#include <string>

#include "server/front/http/http_request.h"

namespace alice {

/// What it holds. By https it is the one called __Host-alice_session, which nobody but this very host can set; by http,
/// where a browser would not keep that one, alice_session. Nothing where there is none, or more than one: which of them
/// is ours cannot be told.
std::optional<std::string> session_cookie(const HttpRequest& request);

/// The header field Set-Cookie of the answer to `request`: `text` for so many seconds, or, with 0, no more.
std::string set_session_cookie(const HttpRequest& request, const std::string& text, int64_t seconds);

}  // namespace alice
