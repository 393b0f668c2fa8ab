#pragma once
// The part of a URL that names a server: "localhost:8080", "[::1]" (RFC 3986, section 3.2, without user information).

#include <optional>
#include <string>
#include <string_view>

namespace alice {

struct Authority {
  std::string name;         ///< small letters, without brackets, port and the dot of a full name: "::1", "example.org"
  bool is_address = false;  ///< of IPv4 or IPv6
};

/// Nothing for what the grammar does not have: a bracket that is not closed, or with something else than an IPv6
/// address in it, a port that is no number up to 65535, no name, a name of more than 255 letters.
std::optional<Authority> read_authority(std::string_view text);

}  // namespace alice
