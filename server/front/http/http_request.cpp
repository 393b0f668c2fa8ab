#include "server/front/http/http_request.h"

#include <algorithm>

#include "core/base/utf8.h"
#include "server/front/http/api_error.h"
#include "server/front/http/request_id.h"

namespace alice {
namespace {

/// What cannot be read on from: the connection ends with the answer.
ApiError refused(int status, const char* code, const std::string& message) {
  ApiError error(status, code, message);
  error.close = true;
  return error;
}

/// Its end, or its meaning to a proxy before us, is in doubt.
ApiError malformed(const std::string& message) { return refused(400, to_string(ErrorCode::bad_request), message); }

/// tchar of RFC 9110, section 5.6.2.
bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7F; }

void check_fields(const RawRequest& raw, const RequestLimits& limits) {
  size_t bytes = 0;
  for (const auto& [name, value] : raw.headers) {
    bytes += name.size() + value.size();
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_character))
      throw malformed("a header's name has a character that none may have");
    for (const unsigned char c : value)
      if (is_control(c) && c != '\t') throw malformed("the header '" + name + "' has a control character");
  }
  if (raw.headers.size() > limits.header_count)
    throw refused(431, "headers_too_large", "at most " + std::to_string(limits.header_count) + " headers are read");
  if (bytes > limits.header_bytes)
    throw refused(431, "headers_too_large",
                  "at most " + std::to_string(limits.header_bytes) + " bytes of headers are read");
}

/// What could let two readers see two different requests (RFC 9112, section 11.2).
void check_framing(const RawRequest& raw) {
  const size_t lengths = count_headers(raw.headers, "Content-Length");
  const std::string* coding = find_header(raw.headers, "Transfer-Encoding");
  if (lengths > 1) throw malformed("Content-Length stands more than once");
  if (coding != nullptr && lengths > 0) throw malformed("has both Content-Length and Transfer-Encoding");
  if (coding == nullptr) return;
  if (count_headers(raw.headers, "Transfer-Encoding") > 1 || !same_ignoring_case(trimmed(*coding), "chunked"))
    throw malformed("the only Transfer-Encoding that is read is chunked");
}

void check_host(const RawRequest& raw) {
  const size_t hosts = count_headers(raw.headers, "Host");
  if (hosts != 1) throw malformed(hosts == 0 ? "has no Host header" : "Host stands more than once");
  const std::string& host = *find_header(raw.headers, "Host");
  const auto allowed = [](char c) { return is_token_character(c) || c == ':' || c == '[' || c == ']'; };
  if (host.empty() || host.size() > 300 || !std::all_of(host.begin(), host.end(), allowed))
    throw malformed("the Host header names no host");
}

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

void read_target(const std::string& target, HttpRequest& request) {
  if (target.empty() || (target[0] != '/' && !(target == "*" && request.method == "OPTIONS")))
    throw malformed("the request's target must begin with '/'");
  const std::string_view whole = std::string_view(target).substr(0, target.find('#'));
  const size_t mark = whole.find('?');
  request.path = decoded(whole.substr(0, mark));
  if (mark == whole.npos) return;
  for (const std::string_view pair : split_list(whole.substr(mark + 1), '&')) {
    std::string spaced(pair);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    const size_t equals = spaced.find('=');
    const std::string_view view = spaced;
    request.query.emplace_back(decoded(view.substr(0, equals)),
                               equals == view.npos ? "" : decoded(view.substr(equals + 1)));
  }
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

HttpRequest read_request(RawRequest& raw, const RequestLimits& limits) {
  check_fields(raw, limits);
  check_framing(raw);
  check_host(raw);
  check_method(raw);
  if (raw.target.size() > limits.target_bytes)
    throw refused(414, "uri_too_long", "at most " + std::to_string(limits.target_bytes) + " bytes of URL are read");
  if (raw.body.size() > limits.body_bytes)
    throw refused(413, "request_too_large",
                  "the body is " + std::to_string(raw.body.size()) + " bytes long; at most " +
                      std::to_string(limits.body_bytes) + " are read");
  HttpRequest request;
  request.method = raw.method;
  read_target(raw.target, request);
  request.headers = std::move(raw.headers);
  request.body = std::move(raw.body);
  return request;
}

}  // namespace alice
