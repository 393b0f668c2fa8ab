#pragma once
// Lines of HTTP/1.1 (RFC 9112, RFC 9110), read as strictly as their grammar is written: what two readers could read
// differently is how one request is smuggled inside another. Lines are given without their CRLF.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace alice {

/// tchar of RFC 9110, section 5.6.2.
bool is_token_character(char c);
/// One or more of these.
bool is_token(std::string_view text);
/// Below U+0020, and DEL. A tab is one, too.
bool is_control(unsigned char c);
/// Without control characters but tabs (RFC 9110, section 5.5).
bool is_field_value(std::string_view text);

struct RequestLine {
  std::string method, target;
  int minor_version = 1;  ///< of HTTP/1: 0 or 1
};
/// Throws ApiError 400, and 505 for another version. The target is one or more bytes above the blank; what it means
/// is for others to say.
RequestLine read_request_line(std::string_view line);

/// "Name: value" -> its parts, the value trimmed. Throws ApiError 400: a blank before the colon, a line that continues
/// the one before (obs-fold), a name that is no token, control characters in the value.
std::pair<std::string, std::string> read_field_line(std::string_view line);

/// "1f;name=value" -> 31. Nothing for what is no size, has more than 16 digits, or has an extension that begins with
/// anything but ';' or holds control characters.
std::optional<uint64_t> read_chunk_line(std::string_view line);

}  // namespace alice
