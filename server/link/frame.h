#pragma once
// Messages on a stream of bytes: four bytes of length, little-endian, then as many bytes of payload.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace alice {

/// A longer payload is a fault of the sender.
inline constexpr size_t kLargestPayload = 64u << 20;

/// The worker's end of the socket is inherited under this number.
inline constexpr int kLinkDescriptor = 3;

/// Throws Error(internal) beyond kLargestPayload.
std::string frame(std::string_view payload);

/// Takes bytes as they come, gives payloads as they are complete. Not thread-safe.
class FrameReader {
 public:
  void add(const char* bytes, size_t count);
  /// The next complete payload, or nothing yet. Throws Error(internal) at a length beyond kLargestPayload; the stream
  /// cannot be followed from there.
  std::optional<std::string> next();

 private:
  std::string bytes_;
  size_t taken_ = 0;
};

}  // namespace alice
