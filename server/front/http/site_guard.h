#pragma once
// Who may make a browser call this server. There are no cookies and, by default, no keys: a web page that somebody
// opens could order pictures, or read them through a name that it makes point here (DNS rebinding). So the names under
// which the server is called and the pages that call it are checked.

#include <optional>
#include <string>

#include "server/config/server_config.h"
#include "server/front/http/http_request.h"

namespace alice {

class SiteGuard {
 public:
  explicit SiteGuard(const ServerConfig& config);

  /// For guarded routes. Throws ApiError 403: a foreign Host; a foreign Origin or Sec-Fetch-Site where something would
  /// be changed. 415: a body that an HTML form can send, for the same reason.
  void check(const HttpRequest& request) const;

  /// The headers that let the page which sent this request read the answer; none unless its origin is configured.
  Headers cors_headers(const Headers& request) const;
  /// The headers of the answer to a preflight (OPTIONS).
  Headers preflight_headers(const Headers& request, const std::string& methods) const;

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

/// "[::1]:8080" -> "::1", "Example.org:80" -> "example.org".
std::string host_name(std::string_view host);

}  // namespace alice
