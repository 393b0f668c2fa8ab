#pragma once
// Safetensors files made by hand, so that they may be wrong.

#include <cstdint>
#include <string>

namespace alice::test {

/// A file's bytes: the length of `header`, the header, `data`.
inline std::string safetensors_bytes(const std::string& header, const std::string& data) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(uint64_t{header.size()} >> shift & 0xff);
  return bytes + header + data;
}

/// `name` of shape [n] in one-byte elements, filled with 0.
inline std::string tiny_safetensors(const std::string& name, size_t n = 1) {
  const std::string size = std::to_string(n);
  return safetensors_bytes(
      "{\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + size + "],\"data_offsets\":[0," + size + "]}}",
      std::string(n, '\0'));
}

}  // namespace alice::test
