#pragma once
// GGUF files made by hand, so that they may be wrong.

#include <cstdint>
#include <string>
#include <vector>

namespace alice::test {

struct GgufTensor {
  std::string name;
  std::vector<uint64_t> sides;  ///< as the file has them: the innermost first
  uint32_t type = 0;
  std::string bytes;
};

inline std::string gguf_number(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}
inline std::string gguf_text(const std::string& text) { return gguf_number(text.size(), 8) + text; }

/// One fact: its name, the number of its type, its value as it stands.
inline std::string gguf_fact(const std::string& key, uint32_t type, const std::string& value) {
  return gguf_text(key) + gguf_number(type, 4) + value;
}
inline std::string gguf_shape_fact(const std::string& tensor, const std::vector<int32_t>& shape) {
  std::string value = gguf_number(5, 4) + gguf_number(shape.size(), 8);
  for (const int32_t side : shape) value += gguf_number(static_cast<uint32_t>(side), 4);
  return gguf_fact("comfy.gguf.orig_shape." + tensor, 9, value);
}

inline std::string gguf_bytes(const std::vector<GgufTensor>& tensors, const std::vector<std::string>& facts = {},
                              uint32_t version = 3, size_t alignment = 32) {
  std::string head = "GGUF" + gguf_number(version, 4) + gguf_number(tensors.size(), 8) + gguf_number(facts.size(), 8);
  for (const std::string& fact : facts) head += fact;
  std::string data;
  for (const GgufTensor& tensor : tensors) {
    head += gguf_text(tensor.name) + gguf_number(tensor.sides.size(), 4);
    for (const uint64_t side : tensor.sides) head += gguf_number(side, 8);
    head += gguf_number(tensor.type, 4) + gguf_number(data.size(), 8);
    data += tensor.bytes;
    data.resize((data.size() + alignment - 1) / alignment * alignment);
  }
  head.resize((head.size() + alignment - 1) / alignment * alignment);
  return head + data;
}

}  // namespace alice::test
