#pragma once
// Who may make a browser call this server. By default there are no keys, and a browser shows the cookie of a session by
// itself: a web page that somebody opens could order pictures, or read them through a name that it makes point here
// (DNS rebinding). So the names under which the server is called and the pages that call it are checked.

#include <optional>
#include <string>

#include "server/config/server_config.h"
#include "server/front/http/http_request.h"
#include "server/front/http/router.h"

namespace alice {

class SiteGuard {
 public:
  explicit SiteGuard(const ServerConfig& config);

  /// Throws ApiError 403 for a foreign Host.
  void check_name(const HttpRequest& request) const;
  /// Where something would be changed: throws ApiError 403 for a foreign Origin or Sec-Fetch-Site; 415 for a body that
  /// an HTML form can send, for the same reason, but for what the route takes.
  void check_page(const HttpRequest& request, const Route& route) const;

  /// The same for who is known by what a browser holds, a cookie or a password that it was told: throws ApiError 403
  /// unless Origin is there and exactly ours, scheme and port too. Configured origins do not count.
  void check_own_page(const HttpRequest& request) const;

  /// The headers that let the page which sent this request read the answer; none unless its origin is configured.
  Headers cors_headers(const Headers& request) const;
  /// The headers of the answer to a preflight (OPTIONS).
  Headers preflight_headers(const Headers& request, const std::string& methods) const;

  /// For answers that pages may show: Cross-Origin-Resource-Policy.
  const char* resource_policy() const { return origins_.empty() ? "same-origin" : "cross-origin"; }

  /// What the URLs of pictures begin with: public_url, or the host that the client called.
  std::string base_url(const HttpRequest& request) const;

 private:
  bool is_own_host(const std::string& host) const;
  bool is_allowed_origin(const std::string& origin) const;
  bool is_own_origin(const std::string& origin, const std::string& host) const;

  std::string public_url_, own_origin_;  // own_origin_: of public_url, "" without one
  std::vector<std::string> hosts_;       // small letters, without ports
  std::vector<std::string> origins_;
};

/// "[::1]:8080" -> "::1", "Example.org:80" -> "example.org"; "" for what names no host.
std::string host_name(std::string_view host);

}  // namespace alice
