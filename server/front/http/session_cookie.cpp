#include "server/front/http/session_cookie.h"

#include <string_view>

namespace alice {
namespace {

bool is_secure(const HttpRequest& request) { return request.scheme == "https"; }

std::string name_for(const HttpRequest& request) {
  return is_secure(request) ? "__Host-alice_session" : "alice_session";
}

}  // namespace

std::optional<std::string> session_cookie(const HttpRequest& request) {
  const std::string wanted = name_for(request);
  std::optional<std::string> found;
  for (const auto& [field, value] : request.headers) {
    if (!same_ignoring_case(field, "Cookie")) continue;
    for (const std::string_view pair : split_list(value, ';')) {
      const size_t equals = pair.find('=');
      if (equals == pair.npos || trimmed(pair.substr(0, equals)) != wanted) continue;
      if (found) return std::nullopt;
      found = std::string(trimmed(pair.substr(equals + 1)));
    }
  }
  return found;
}

std::string set_session_cookie(const HttpRequest& request, const std::string& text, int64_t seconds) {
  return name_for(request) + "=" + text + "; Path=/; Max-Age=" + std::to_string(seconds) + "; HttpOnly; SameSite=Lax" +
         (is_secure(request) ? "; Secure" : "");
}

}  // namespace alice
