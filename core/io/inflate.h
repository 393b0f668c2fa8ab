#pragma once
// RFC 1951.

#include <cstddef>
#include <string>
#include <string_view>

namespace alice {

/// Unpacks `packed` (raw deflate) to exactly `size` bytes whose CRC-32 is `crc32`. Throws Error(bad_weights) at `place`
/// when it gives others, before more than `size` bytes are written. Any thread.
std::string inflate(std::string_view packed, size_t size, unsigned long crc32, const std::string& place);

}  // namespace alice
