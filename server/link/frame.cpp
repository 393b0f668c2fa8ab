#include "server/link/frame.h"

#include "core/base/error.h"

namespace alice {
namespace {

constexpr size_t kHead = 4;

void check_length(size_t length) {
  if (length > kLargestPayload)
    throw Error(
        ErrorCode::internal, "link",
        "a message of " + std::to_string(length) + " bytes; " + std::to_string(kLargestPayload) + " may be sent");
}

}  // namespace

std::string frame(std::string_view payload) {
  check_length(payload.size());
  std::string out(kHead, '\0');
  for (size_t i = 0; i < kHead; ++i) out[i] = static_cast<char>(payload.size() >> (8 * i) & 0xff);
  return out.append(payload);
}

void FrameReader::add(const char* bytes, size_t count) {
  bytes_.erase(0, taken_);
  taken_ = 0;
  bytes_.append(bytes, count);
}

std::optional<std::string> FrameReader::next() {
  const size_t there = bytes_.size() - taken_;
  if (there < kHead) return std::nullopt;
  size_t length = 0;
  for (size_t i = 0; i < kHead; ++i) length |= size_t{static_cast<unsigned char>(bytes_[taken_ + i])} << (8 * i);
  check_length(length);
  if (there - kHead < length) return std::nullopt;
  std::string payload = bytes_.substr(taken_ + kHead, length);
  taken_ += kHead + length;
  return payload;
}

}  // namespace alice
