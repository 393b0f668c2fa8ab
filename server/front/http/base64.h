#pragma once
// Base64 of RFC 4648, section 4: with padding, on one line.

#include <string>
#include <string_view>

namespace alice {

std::string to_base64(std::string_view bytes);

}  // namespace alice
