#pragma once
// What bytes are known by.

#include <string>
#include <string_view>

namespace alice {

/// SHA-256: 64 small hex digits. Any thread.
std::string sha256_of(std::string_view bytes);

}  // namespace alice
