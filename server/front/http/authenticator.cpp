#include "server/front/http/authenticator.h"

#include <chrono>

#include "server/front/http/api_error.h"
#include "server/front/http/session_cookie.h"
#include "server/front/http/shown_key.h"
#include "server/logging.h"

namespace alice {
namespace {

constexpr const char* kSaysHow =
    "send it as Authorization: Bearer KEY, or as X-Api-Key; whoever runs the server makes one with `alice keys create`";

std::string subscriber_of(const HttpRequest& request) {
  const auto address = Network::from(request.remote_address);
  return address ? address->subscriber() : request.remote_address;
}

ApiError unknown(const std::string& message) {
  ApiError error(401, "unauthorized", message);
  error.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"ALICE\"");
  return error;
}

ApiError forbidden(const std::string& message) { return {403, "forbidden", message}; }

const char* sentence_of(Judgement::Verdict verdict) {
  switch (verdict) {
    case Judgement::Verdict::mistyped: return "this key is mistyped, or cut: its last letters do not fit the others";
    case Judgement::Verdict::revoked: return "this key was revoked";
    case Judgement::Verdict::expired: return "this key has expired";
    default: return "this key is none of this server's";
  }
}

const char* word_of(Judgement::Verdict verdict) {
  switch (verdict) {
    case Judgement::Verdict::mistyped: return "mistyped";
    case Judgement::Verdict::revoked: return "revoked";
    case Judgement::Verdict::expired: return "expired";
    default: return "wrong";
  }
}

void refuse_proxied(const HttpRequest& request) {
  if (has_come_by_proxy(request))
    throw forbidden("this came by a proxy, and this server asks for no keys: it is for this machine alone. Say "
                    "server.require_auth: true, and the proxy's address in server.trusted_proxies");
}

void refuse_admin_in_path(const Caller& caller) {
  if (caller.level == Level::admin)
    throw forbidden(
        "an administrator's key does not belong into a path, which others write down: use one of level user");
}

/// `wanted` is not anonymous.
void check_level(const Caller& caller, Level wanted, const Route& route) {
  if (caller.level == Level::anonymous) throw unknown(std::string("a key is needed; ") + kSaysHow);
  if (route.scope && caller.scopes.has(*route.scope)) return;
  if (wanted > caller.level || (wanted == Level::admin && !caller.scopes.has(Scope::admin)))
    throw forbidden("this is for administrators: a key made with --admin is needed, or an administrator's session");
}

/// Of what is people's own.
void check_person(const Caller& caller) {
  if (!caller.session.empty() || (caller.level == Level::admin && caller.scopes.has(Scope::admin))) return;
  const std::string what = "this is for who is signed in (POST /v1/auth/sessions), or for an administrator's key";
  throw caller.key.empty() ? unknown(what) : forbidden(what);
}

bool only_looks(const HttpRequest& request) { return request.method == "GET" || request.method == "HEAD"; }

}  // namespace

Authenticator::Authenticator(const ServerConfig& config, std::shared_ptr<Accounts> accounts, const UrlSigner& signer)
    : asks_(config.require_auth),
      accounts_(std::move(accounts)),
      signer_(signer),
      limits_{config.waiting_per_owner, config.pictures_per_day},
      proxies_(config.trusted_proxies) {}

Level Authenticator::wanted_of(const Route& route) const {
  return !asks_ && route.is_users_without_keys ? Level::user : route.level;
}

Caller Authenticator::nobody(const HttpRequest& request) const {
  Caller caller;
  caller.level = asks_ ? Level::anonymous : Level::user;
  caller.client = request.remote_address;
  return caller;
}

Caller Authenticator::caller_of(const AccessKey& key, const HttpRequest& request) const {
  Caller caller = nobody(request);
  caller.client = caller.key = key.id;
  caller.user = key.user;
  caller.user_name = key.user_name;
  caller.is_held_by_browser = is_browsers_basic(request);
  give_rights(caller, key.level, key.scopes);
  return caller;
}

/// To one who is known. While no keys are asked for, that makes nobody another but an administrator.
void Authenticator::give_rights(Caller& caller, Level level, Scopes scopes) const {
  if (asks_ || level == Level::admin) {
    caller.level = level;
    caller.scopes = scopes;
  }
  if (asks_) caller.owner = caller.user;
  caller.is_limited = asks_ && level == Level::user;
  if (caller.is_limited) caller.limits = limits_;
}

/// Nobody, where no cookie of a session that counts came along.
Caller Authenticator::signed_in(const HttpRequest& request) const {
  Caller caller = nobody(request);
  const auto cookie = accounts_ == nullptr ? std::nullopt : session_cookie(request);
  const auto session = cookie ? accounts_->people().sessions().judge(*cookie) : nullptr;
  const auto user = session == nullptr ? nullptr : accounts_->people().find(session->user);
  if (user == nullptr || user->state != UserState::active) return caller;
  accounts_->people().sessions().note_seen(*session);
  caller.session = session->id;
  caller.client = caller.user = user->id;
  caller.user_name = user->name;
  caller.is_held_by_browser = true;
  give_rights(caller, user->level, Scopes::usual(user->level));
  return caller;
}

/// A key that people made up may be guessed, so it does not help to know it either while somebody guesses.
void Authenticator::check_wrong_keys(const HttpRequest& request) const {
  const std::string subscriber = subscriber_of(request);
  const int64_t now = steady_ms();
  if (!wrong_keys_.is_over(subscriber, now)) return;
  ApiError error(429, "rate_limited", "too many wrong keys came from this address; wait, and send the right one");
  error.again = true;
  error.headers.emplace_back("Retry-After", std::to_string(wrong_keys_.retry_after_s(subscriber, now)));
  throw error;
}

void Authenticator::refuse_wrong(const HttpRequest& request, const Judgement& judgement) {
  if (judgement.key == nullptr) {  // who has a key's secret guesses nothing
    check_wrong_keys(request);
    wrong_keys_.may_be_told(subscriber_of(request), steady_ms());
  }
  log_audit("action=auth.fail address=" + request.remote_address + " request=" + request.id +
            (judgement.key == nullptr ? "" : " key=" + judgement.key->id) + " result=" + word_of(judgement.verdict));
  throw unknown(std::string(sentence_of(judgement.verdict)) + "; " + kSaysHow);
}

void Authenticator::check_scope(const Caller& caller, const HttpRequest& request, const Route& route) const {
  const Scope needed = only_looks(request) ? Scope::read : Scope::generate;
  if (caller.level == Level::anonymous || caller.scopes.has(needed)) return;
  if (route.scope && caller.scopes.has(*route.scope)) return;
  throw forbidden("this key may not be used for that: it has the scopes '" + caller.scopes.words() +
                  "', and this needs '" + Scopes{needed}.words() + "'");
}

Caller Authenticator::admit(const HttpRequest& request, const Route& route) {
  if (!asks_ && route.access != Access::any_name) refuse_proxied(request);
  Caller caller = nobody(request);
  if (route.takes_signature && UrlSigner::is_signed(request)) {
    caller.level = Level::anonymous;
    caller.signed_for_s = signer_.check(request);
    return caller;
  }
  const Level wanted = wanted_of(route);
  const auto shown = shown_key(request);
  if (shown && accounts_ != nullptr) {
    const Judgement judgement = accounts_->judge(*shown);
    if (judgement.verdict == Judgement::Verdict::good) {
      if (judgement.is_configured && wanted > Level::anonymous) check_wrong_keys(request);
      accounts_->note_used(*judgement.key);
      caller = caller_of(*judgement.key, request);
    } else if (caller.level < wanted) {
      refuse_wrong(request, judgement);
    }
  }
  if (!shown) caller = signed_in(request);
  if (wanted == Level::anonymous) return caller;
  if (shown == request.path_key) refuse_admin_in_path(caller);
  if (route.is_for_people && caller.level != Level::anonymous) check_person(caller);
  check_level(caller, wanted, route);
  check_scope(caller, request, route);
  return caller;
}

/// Of either name: whether it came by https, a proxy tells, who is not known yet.
bool Authenticator::has_session(HttpRequest request) const {
  for (const char* scheme : {"http", "https"}) {
    request.scheme = scheme;
    if (!signed_in(request).session.empty()) return true;
  }
  return false;
}

bool Authenticator::may_send_a_body(const HttpRequest& request) const {
  if (!asks_) return true;
  if (accounts_ == nullptr) return false;
  const auto shown = shown_key(request);
  if (!shown) return has_session(request);
  return accounts_->judge(*shown).verdict == Judgement::Verdict::good;
}

}  // namespace alice
