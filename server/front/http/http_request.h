#pragma once
// A request that may be answered: its target is decoded, its framing and fields are beyond doubt.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "server/front/http/headers.h"
#include "server/front/http/transport.h"

namespace alice {

struct HttpRequest {
  std::string method;                                      ///< "GET"
  std::string path;                                        ///< decoded once; begins with '/', valid UTF-8
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  Headers headers;
  std::string body;
  std::string id;  ///< x-request-id: the client's when it is a valid one, else drawn
  std::chrono::steady_clock::time_point arrived;

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  /// The host that the client called, as it wrote it: "localhost:8080".
  const std::string& host() const { return *header("Host"); }
};

/// The request's id, also for one that is refused.
std::string request_id_of(const RawRequest& raw);

struct RequestLimits {
  uint64_t body_bytes = 32u << 20;
  size_t target_bytes = 8192;
  size_t header_count = 100;
  size_t header_bytes = 32u << 10;  ///< names and values together
};

/// Throws ApiError for what is not to be answered: 400 (framing, Host, fields, target), 405 (CONNECT, TRACE),
/// 413, 414, 431 (limits), 501 (Upgrade). Takes the body out of `raw`.
HttpRequest read_request(RawRequest& raw, const RequestLimits& limits);

/// Undoes %XX. Nothing for a bad escape.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace alice
