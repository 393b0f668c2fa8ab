#pragma once
// Numbers as files hold them.

#include <cstdint>
#include <string>

namespace alice {

/// The lowest `bytes` of `number`, the lowest first.
inline void append_little_endian(std::string& to, uint64_t number, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to += static_cast<char>(number >> (8 * i) & 0xff);
}

}  // namespace alice
