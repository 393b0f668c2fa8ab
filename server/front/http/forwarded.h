#pragma once
// What a proxy before the server tells of who calls it.

#include <string>
#include <vector>

#include "core/base/network.h"
#include "server/front/http/http_request.h"

namespace alice {

class TrustedProxies {
 public:
  /// server.trusted_proxies; each is a Network.
  explicit TrustedProxies(const std::vector<std::string>& networks);

  /// Of a request that a trusted proxy brings: X-Forwarded-For gives its address (the last that is no trusted proxy's),
  /// -Proto its scheme, -Host its authority, -Prefix what stands before its path for the client. Of others none counts.
  /// Throws ApiError 400 for an X-Forwarded-Host that names no host.
  void settle(HttpRequest& request) const;

 private:
  bool trusts(const std::string& address) const;

  std::vector<Network> networks_;
};

/// Whether it came by a proxy, by its own words: Forwarded, X-Forwarded-*, Via.
bool has_come_by_proxy(const HttpRequest& request);

}  // namespace alice
