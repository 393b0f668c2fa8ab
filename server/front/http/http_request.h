#pragma once
// A request that may be answered: its target is decoded, and who is called is beyond doubt.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/front/http/headers.h"
#include "server/front/http/wire/transport.h"

namespace alice {

struct HttpRequest {
  std::string method;                                      ///< "GET"
  std::string path;                                        ///< decoded once; begins with '/', valid UTF-8
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded, in order
  Headers headers;
  std::string body;
  std::string authority;  ///< what the client called the server by, as it wrote it: "localhost:8080"
  std::string scheme = "http", prefix;  ///< as the client wrote them, where a trusted proxy tells (forwarded.h)
  std::string remote_address;           ///< the client's: "127.0.0.1", "::1"
  std::string path_key;                 ///< KEY of /k/KEY/..., which `path` is without; "" for none. A secret
  std::string id;  ///< x-request-id: the client's when it is a valid one, else drawn
  std::chrono::steady_clock::time_point arrived;

  const std::string* header(std::string_view name) const { return find_header(headers, name); }
  const std::string& host() const { return authority; }
};

/// The request's id, also for one that is refused.
std::string request_id_of(const RawRequest& raw);

/// Throws ApiError for what is not to be answered: 400 (Host, target), 405 (CONNECT, TRACE), 415 (a body in a
/// Content-Encoding), 501 (Upgrade). A target that is a whole URL is taken, and its authority counts as the Host (RFC
/// 9112, section 3.2.2). Takes the headers and the body out of `raw`, whose syntax is right (RequestReader).
HttpRequest read_request(RawRequest& raw);

/// Undoes %XX. Nothing for a bad escape.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace alice
