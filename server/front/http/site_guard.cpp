#include "server/front/http/site_guard.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "server/front/http/api_error.h"
#include "server/front/http/authority.h"
#include "server/front/http/http_syntax.h"

namespace alice {
namespace {

std::string machine_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? lower_case(name.data()) : "";
}

/// "https://pictures.example/base" -> "https://pictures.example"; "" for what is no URL.
std::string origin_of(const std::string& url) {
  const size_t slashes = url.find("://");
  return slashes == url.npos ? "" : lower_case(url.substr(0, url.find('/', slashes + 3)));
}

/// What stands behind an origin's "://"; "" when that is missing.
std::string_view host_of(std::string_view origin) {
  const size_t slashes = origin.find("://");
  return slashes == origin.npos ? "" : origin.substr(slashes + 3);
}

ApiError foreign(const std::string& message) { return {403, "forbidden", message}; }

/// Those that the page asks for: clients of this API's standards send many of their own, and none changes what the
/// server does.
std::string allowed_headers(const Headers& preflight) {
  std::string list = "Authorization, Content-Type, x-api-key, x-request-id";
  const std::string* asked = find_header(preflight, "Access-Control-Request-Headers");
  if (asked == nullptr) return list;
  for (const std::string_view name : split_list(*asked))
    if (is_token(name)) list.append(", ").append(name);
  return list;
}

bool changes_something(const std::string& method) { return method != "GET" && method != "HEAD"; }

}  // namespace

std::string host_name(std::string_view host) {
  const auto authority = read_authority(host);
  return authority.has_value() ? authority->name : "";
}

SiteGuard::SiteGuard(const ServerConfig& config) : public_url_(config.public_url) {
  while (!public_url_.empty() && public_url_.back() == '/') public_url_.pop_back();
  own_origin_ = origin_of(public_url_);
  hosts_ = {"localhost", machine_name(), host_name(host_of(own_origin_))};
  for (const std::string& host : config.allowed_hosts) hosts_.push_back(host_name(host));
  for (const std::string& origin : config.cors_origins) origins_.push_back(lower_case(origin));
}

bool SiteGuard::is_own_host(const std::string& host) const {
  const auto authority = read_authority(host);
  if (!authority.has_value()) return false;
  // An address cannot be made to point elsewhere, which is what the check is for.
  return authority->is_address || std::find(hosts_.begin(), hosts_.end(), authority->name) != hosts_.end();
}

bool SiteGuard::is_allowed_origin(const std::string& origin) const {
  return std::find(origins_.begin(), origins_.end(), lower_case(origin)) != origins_.end();
}

bool SiteGuard::is_own_origin(const std::string& origin, const std::string& host) const {
  if (origin.empty()) return false;
  // A proxy may have put another Host in place of the one that the page was called by.
  return same_ignoring_case(host_of(origin), host) || same_ignoring_case(origin, own_origin_);
}

void SiteGuard::check_name(const HttpRequest& request) const {
  if (!is_own_host(request.host()))
    throw foreign("this server is not called '" + host_name(request.host()) +
                  "'; names that it may be called by are server.allowed_hosts in its configuration");
}

void SiteGuard::check_page(const HttpRequest& request, const Route& route) const {
  if (!changes_something(request.method)) return;

  const std::string* origin = request.header("Origin");
  const bool allowed = origin != nullptr && is_allowed_origin(*origin);
  const bool own = origin != nullptr && is_own_origin(*origin, request.host());
  const std::string* site = request.header("Sec-Fetch-Site");
  const bool is_elsewhere = site != nullptr && (same_ignoring_case(*site, "cross-site") ||
                                                (same_ignoring_case(*site, "same-site") && origin == nullptr));
  if (is_elsewhere && !allowed)
    throw foreign("pages of other sites may not call this server; allowed ones are server.cors_origins");
  if (origin != nullptr && !allowed && !own)
    throw foreign("pages of '" + *origin + "' may not call this server; allowed ones are server.cors_origins");

  const std::string* type = request.header("Content-Type");
  if (type == nullptr) return;
  const std::string plain = lower_case(trimmed(std::string_view(*type).substr(0, type->find(';'))));
  // A page may send a form anywhere without asking. Browsers name its origin then, which is judged above.
  if (plain == "application/json" || (route.takes_forms && plain == "multipart/form-data") ||
      (route.takes_plain_text && plain == "text/plain"))
    return;
  throw ApiError(415, "unsupported_media_type",
                 "the body must be JSON, sent with the header Content-Type: application/json, " +
                     std::string(route.takes_forms ? "or multipart/form-data, " : "") + "not '" + plain + "'");
}

void SiteGuard::check_own_page(const HttpRequest& request) const {
  if (!changes_something(request.method)) return;
  const std::string* origin = request.header("Origin");
  const std::string called = request.scheme + "://" + request.host();
  if (origin != nullptr && !origin->empty() &&
      (same_ignoring_case(*origin, called) || same_ignoring_case(*origin, own_origin_)))
    return;
  throw foreign("who is signed in may change something from this server's own pages alone: Origin must be " + called +
                ", not " + (origin == nullptr ? "left out" : "'" + *origin + "'") +
                "; programs show a key. Behind a proxy server.trusted_proxies or server.public_url says what we are "
                "called");
}

Headers SiteGuard::cors_headers(const Headers& request) const {
  if (origins_.empty()) return {};
  Headers headers = {{"Vary", "Origin"}};
  const std::string* origin = find_header(request, "Origin");
  if (origin == nullptr || !is_allowed_origin(*origin)) return headers;
  headers.emplace_back("Access-Control-Allow-Origin", *origin);
  headers.emplace_back("Access-Control-Expose-Headers",
                       "ETag, Location, RateLimit, RateLimit-Policy, Retry-After, x-job-id, "
                       "x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, "
                       "x-request-id, x-should-retry");
  return headers;
}

Headers SiteGuard::preflight_headers(const Headers& request, const std::string& methods) const {
  const std::string* origin = find_header(request, "Origin");
  if (origin == nullptr || !is_allowed_origin(*origin)) return {};
  return {{"Access-Control-Allow-Methods", methods},
          {"Access-Control-Allow-Headers", allowed_headers(request)},
          {"Access-Control-Max-Age", "600"}};
}

std::string SiteGuard::base_url(const HttpRequest& request) const {
  return public_url_.empty() ? request.scheme + "://" + request.host() + request.prefix : public_url_;
}

}  // namespace alice
