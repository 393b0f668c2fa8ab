#include "core/io/exif.h"

#include <cstdint>
#include <optional>

#include "core/base/text.h"

namespace alice {
namespace {

using namespace std::string_view_literals;

constexpr uint16_t kOrientation = 0x0112;
constexpr uint16_t kShort = 3;

/// Numbers of either byte order; nothing where they would lie outside.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes), is_little_(starts_with(bytes, "II")) {}

  bool is_sound() const { return (is_little_ || starts_with(bytes_, "MM")) && number(2, 2) == 42u; }
  std::optional<uint32_t> number(size_t at, size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i)
      value = value << 8 | static_cast<unsigned char>(bytes_[at + (is_little_ ? size - 1 - i : i)]);
    return value;
  }

 private:
  std::string_view bytes_;
  bool is_little_;
};

/// Where the value of a tag of one number stands, in the folder at `folder`: a count, then entries of twelve bytes.
std::optional<uint32_t> value_of(const Tiff& tiff, size_t folder, uint16_t tag, uint16_t type) {
  const uint32_t entries = tiff.number(folder, 2).value_or(0);
  for (size_t i = 0, at = folder + 2; i < entries; ++i, at += 12)
    if (tiff.number(at, 2) == tag && tiff.number(at + 2, 2) == type) return tiff.number(at + 8, type == kShort ? 2 : 4);
  return std::nullopt;
}

}  // namespace

int exif_orientation(std::string_view exif) {
  if (starts_with(exif, "Exif\0\0"sv)) exif.remove_prefix(6);
  const Tiff tiff(exif);
  if (!tiff.is_sound()) return 1;
  const uint32_t value = value_of(tiff, tiff.number(4, 4).value_or(0), kOrientation, kShort).value_or(1);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

}  // namespace alice
