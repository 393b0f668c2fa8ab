#pragma once
// Where a request ends, as its headers say it (RFC 9112, sections 6 and 9.3).

#include <cstdint>

#include "server/front/http/headers.h"

namespace alice {

struct Framing {
  bool is_chunked = false;
  uint64_t length = 0;      ///< of the body, when it is not chunked
  bool keep_alive = true;   ///< the connection may go on
  bool expects_continue = false;  ///< the client waits for "100 Continue" before it sends the body
};

/// Throws ApiError: 400 for what two readers could read differently (both Content-Length and Transfer-Encoding, a
/// length that is no number, codings other than chunked, chunked in HTTP/1.0, a field of one value that stands twice),
/// 417 for an expectation other than 100-continue.
Framing read_framing(const Headers& headers, int minor_version);

/// A trailer that would change what the request is or where it ends: such a field belongs into the head.
bool may_be_trailer(const std::string& name);

}  // namespace alice
