#include "server/front/http/http_request.h"

#include <algorithm>

#include "core/base/utf8.h"
#include "server/front/http/api_error.h"
#include "server/front/http/authority.h"
#include "server/front/http/http_syntax.h"
#include "server/front/http/request_id.h"

namespace alice {
namespace {

constexpr size_t kLongestQuote = 100;

void check_method(const RawRequest& raw) {
  if (raw.method == "CONNECT" || raw.method == "TRACE")
    throw refused(405, "method_not_allowed", raw.method + " is not possible here");
  const std::string* upgrade = find_header(raw.headers, "Upgrade");
  if (upgrade == nullptr) return;
  throw refused(501, "unsupported",
                "Upgrade is not supported; ask in HTTP/1.1 without it (progress comes as server-sent events)");
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  const auto plain = percent_decoded(text);
  if (!plain.has_value()) throw malformed("the URL has a '%' that no two hexadecimal digits follow");
  if (std::any_of(plain->begin(), plain->end(), [](unsigned char c) { return is_control(c); }))
    throw malformed("the URL has a control character");
  if (encode_utf8(decode_utf8(*plain)) != *plain) throw malformed("the URL is no valid UTF-8");
  return *plain;
}

/// "http://host:80/path" -> "/path", and the authority. What begins with '/' stays as it is.
std::string_view origin_form(std::string_view target, HttpRequest& request) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!same_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find_first_of("/?#"), target.size());
    request.authority = target.substr(0, end);
    return target.substr(end);
  }
  return target;
}

void read_query(std::string_view query, HttpRequest& request) {
  for (const std::string_view pair : split_list(query, '&')) {
    std::string spaced(pair);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    const size_t equals = spaced.find('=');
    const std::string_view view = spaced;
    request.query.emplace_back(decoded(view.substr(0, equals)),
                               equals == view.npos ? "" : decoded(view.substr(equals + 1)));
  }
}

void read_target(const std::string& target, HttpRequest& request) {
  const bool is_whole_url = !target.empty() && target[0] != '/' && target != "*";
  std::string_view path = is_whole_url ? origin_form(target, request) : target;
  const bool is_none = target.empty() || (target == "*" && request.method != "OPTIONS");
  if (is_none || (is_whole_url && request.authority.empty()))
    throw malformed("the request's target must begin with '/'");
  path = path.substr(0, path.find('#'));
  const size_t mark = std::min(path.find('?'), path.size());
  request.path = mark == 0 ? "/" : decoded(path.substr(0, mark));
  if (mark < path.size()) read_query(path.substr(mark + 1), request);
}

/// "/k/KEY/rest" -> "/rest", for clients that can send no header.
void take_path_key(HttpRequest& request) {
  constexpr std::string_view kBefore = "/k/";
  if (request.path.compare(0, kBefore.size(), kBefore) != 0) return;
  const size_t end = std::min(request.path.find('/', kBefore.size()), request.path.size());
  request.path_key = request.path.substr(kBefore.size(), end - kBefore.size());
  request.path.erase(0, end);
  if (request.path.empty()) request.path = "/";
}

/// Of a target that is a whole URL its own authority counts, and the field is passed over; but it must be there.
void check_host(const RawRequest& raw, HttpRequest& request) {
  const std::string* host = find_header(raw.headers, "Host");
  if (host == nullptr) throw malformed("has no Host header");
  if (!read_authority(*host).has_value()) throw malformed("the Host header names no host");
  if (request.authority.empty()) request.authority = *host;
  if (!read_authority(request.authority).has_value()) throw malformed("the request's target names no host");
}

void check_coding(const RawRequest& raw) {
  const std::string* coding = find_header(raw.headers, "Content-Encoding");
  if (coding == nullptr || raw.body.empty() || same_ignoring_case(*coding, "identity")) return;
  ApiError error(415, "unsupported_media_type",
                 "the body is encoded as '" + brief(*coding, kLongestQuote) +
                     "'; it must be sent as it is, without Content-Encoding");
  error.headers.emplace_back("Accept-Encoding", "identity");
  throw error;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string request_id_of(const RawRequest& raw) {
  const std::string* given = find_header(raw.headers, "x-request-id");
  return given != nullptr && is_request_id(*given) ? *given : make_request_id();
}

HttpRequest read_request(RawRequest& raw) {
  HttpRequest request;
  request.method = raw.method;
  check_method(raw);
  read_target(raw.target, request);
  take_path_key(request);
  request.remote_address = raw.remote_address;
  check_host(raw, request);
  check_coding(raw);
  request.headers = std::move(raw.headers);
  request.body = std::move(raw.body);
  return request;
}

}  // namespace alice
