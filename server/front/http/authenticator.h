#pragma once
// Who calls, by a key or as somebody who is signed in, and whether they may: settled once, before any door. On the
// loop's thread only; nothing waits for a disk.

#include <memory>
#include <string>

#include "server/accounts/accounts.h"
#include "server/config/server_config.h"
#include "server/front/http/caller.h"
#include "server/front/http/forwarded.h"
#include "server/front/http/http_request.h"
#include "server/front/http/picture_urls.h"
#include "server/front/http/router.h"
#include "server/front/http/wrong_keys.h"

namespace alice {

class Authenticator {
 public:
  /// `accounts`: null where there are none; then nobody is an administrator, and with require_auth nobody gets in.
  Authenticator(const ServerConfig& config, std::shared_ptr<Accounts> accounts, const UrlSigner& signer);

  /// Before anything of the request is looked at: what a trusted proxy says of it counts.
  void settle(HttpRequest& request) const { proxies_.settle(request); }

  /// The caller, once it is known that the route is theirs to call. Throws ApiError: 401 without a key that counts; 403
  /// where that one is not enough, for a signed URL that does not count, and for what came by a proxy while no keys are
  /// asked for; 429 after too many wrong keys. While none are asked for, one that is wrong is passed over, unless the
  /// route needs one: clients send what they make up. Without a key, who is signed in is told by the session's cookie.
  Caller admit(const HttpRequest& request, const Route& route);

  /// Whether it shows a key or a session that counts, or none is asked for: before its body is read.
  bool may_send_a_body(const HttpRequest& request) const;
  /// Whether what it showed counts still, or none is asked for: of answers that go on for long.
  bool counts_still(const HttpRequest& request) const { return may_send_a_body(request); }

 private:
  Level wanted_of(const Route& route) const;
  Caller nobody(const HttpRequest& request) const;
  Caller caller_of(const AccessKey& key, const HttpRequest& request) const;
  void give_rights(Caller& caller, Level level, Scopes scopes) const;
  Caller signed_in(const HttpRequest& request) const;
  bool has_session(HttpRequest request) const;
  void refuse_wrong(const HttpRequest& request, const Judgement& judgement);
  void check_scope(const Caller& caller, const HttpRequest& request, const Route& route) const;
  void check_wrong_keys(const HttpRequest& request) const;

  const bool asks_;
  const std::shared_ptr<Accounts> accounts_;
  const UrlSigner& signer_;
  const OwnerLimits limits_;  // of callers of level user
  const TrustedProxies proxies_;
  WrongKeys wrong_keys_;
};

}  // namespace alice
