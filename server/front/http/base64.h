#pragma once
// Base64 of RFC 4648, section 4: with padding, on one line.

#include <optional>
#include <string>
#include <string_view>

namespace alice {

std::string to_base64(std::string_view bytes);
/// Nothing for what is none. Blanks and ends of lines are passed over; the padding may be missing.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace alice
