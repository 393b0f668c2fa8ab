#pragma once
// A long answer that is made anew only when what it says has changed, and is sent only to clients that have it not.

#include <functional>
#include <string>

#include "server/front/http/exchange.h"

namespace alice {

/// Whether the client says by If-None-Match that it has what `etag`, in its quotes, stands for (RFC 9110, section
/// 13.1.2, weak comparison).
bool is_known_to_client(const HttpRequest& request, const std::string& etag);

class KeptText {
 public:
  /// Stands in a text where the server's own URL belongs.
  static constexpr const char* kBaseMark = "http://this-server.invalid";

  /// Sends the text that make() gave for this `version`, with `base_url` in place of the marks; or 304. `headers`: its
  /// content type, and what else belongs to it.
  void send(Exchange& exchange, const std::string& version, const std::string& base_url,
            const std::function<std::string()>& make, Headers headers = {{"Content-Type", "application/json"}});

 private:
  std::string version_, text_, tag_;  // tag_: of text_, without quotes
  bool is_made_ = false;
};

}  // namespace alice
