#include "core/io/jpeg_segments.h"

#include <map>

#include "core/base/text.h"

namespace alice {
namespace {

using namespace std::string_view_literals;

// Markers, the byte after 0xFF (T.81, table B.1).
constexpr int kStart = 0xD8, kEnd = 0xD9, kScan = 0xDA, kTemporary = 0x01, kFirstRestart = 0xD0, kLastRestart = 0xD7;
constexpr int kApp1 = 0xE1, kApp2 = 0xE2;

bool is_frame(int marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}
bool is_restart(int marker) { return marker >= kFirstRestart && marker <= kLastRestart; }

/// A walk over the bytes; at the end, -1.
class Walk {
 public:
  explicit Walk(std::string_view bytes) : bytes_(bytes) {}

  /// The next marker; what stands before it is passed over: fill bytes, and within a scan the coded bits, in which 0xFF
  /// is followed by 0 and restarts are no markers.
  int marker(bool within_scan) {
    for (;;) {
      at_ = bytes_.find('\xff', at_);
      if (at_ == std::string_view::npos) return -1;
      at_ = bytes_.find_first_not_of('\xff', at_);
      if (at_ == std::string_view::npos) return -1;
      const int found = static_cast<unsigned char>(bytes_[at_++]);
      if (found != 0 && !(within_scan && is_restart(found))) return found;
    }
  }
  /// A segment's data; false when it leads beyond the end. Its length counts itself.
  bool segment(std::string_view& data) {
    if (bytes_.size() - at_ < 2) return false;
    const size_t length = static_cast<size_t>(byte(at_)) << 8 | byte(at_ + 1);
    if (length < 2 || bytes_.size() - at_ < length) return false;
    data = bytes_.substr(at_ + 2, length - 2);
    at_ += length;
    return true;
  }

 private:
  unsigned char byte(size_t at) const { return static_cast<unsigned char>(bytes_[at]); }

  std::string_view bytes_;
  size_t at_ = 0;
};

int64_t number_at(std::string_view data, size_t at) {
  return static_cast<int64_t>(static_cast<unsigned char>(data[at])) << 8 | static_cast<unsigned char>(data[at + 1]);
}

/// A profile comes in parts of 64 kB, each with its number, from 1, and how many they are (ICC.1:2022, B.4).
class ProfileParts {
 public:
  void take(std::string_view data) {
    constexpr auto kName = "ICC_PROFILE\0"sv;
    if (!starts_with(data, kName) || data.size() < kName.size() + 2) return;
    count_ = static_cast<unsigned char>(data[kName.size() + 1]);
    parts_.emplace(static_cast<unsigned char>(data[kName.size()]), data.substr(kName.size() + 2));
  }
  std::string whole() const {
    std::string all;
    for (int number = 1; number <= count_; ++number) {
      const auto part = parts_.find(number);
      if (part == parts_.end()) return "";
      all += part->second;
    }
    return all;
  }

 private:
  int count_ = 0;
  std::map<int, std::string_view> parts_;
};

}  // namespace

JpegSegments jpeg_segments(std::string_view bytes) {
  JpegSegments file;
  ProfileParts profile;
  Walk walk(bytes);
  for (int marker = walk.marker(false); marker != -1; marker = walk.marker(marker == kScan)) {
    if (marker == kEnd) {
      file.whole = true;
      break;
    }
    if (marker == kStart || marker == kTemporary || is_restart(marker)) continue;
    std::string_view data;
    if (!walk.segment(data)) break;
    if (is_frame(marker) && data.size() >= 5) {
      file.height = number_at(data, 1);
      file.width = number_at(data, 3);
      file.is_huffman_coded = marker < 0xC9;
    }
    if (marker == kScan) ++file.scans;
    if (marker == kApp1 && starts_with(data, "Exif\0\0"sv) && file.exif.empty()) file.exif = data;
    if (marker == kApp2) profile.take(data);
  }
  file.profile = profile.whole();
  return file;
}

}  // namespace alice
