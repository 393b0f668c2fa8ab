#include "core/io/exif.h"

#include <cstdint>
#include <optional>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

using namespace std::string_view_literals;

constexpr uint16_t kOrientation = 0x0112, kExifFolder = 0x8769, kMakerNote = 0x927C, kUserComment = 0x9286;
constexpr uint16_t kShort = 3, kLong = 4, kUndefined = 7;
constexpr auto kBegin = "Exif\0\0"sv, kUnicode = "UNICODE\0"sv, kAscii = "ASCII\0\0\0"sv, kOurs = "ALICE\0"sv;

/// Numbers of either byte order; nothing where they would lie outside.
class Tiff {
 public:
  explicit Tiff(std::string_view bytes) : bytes_(bytes), is_little_(starts_with(bytes, "II")) {}

  bool is_sound() const { return (is_little_ || starts_with(bytes_, "MM")) && number(2, 2) == 42u; }
  size_t first_folder() const { return number(4, 4).value_or(0); }
  std::optional<uint32_t> number(size_t at, size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i)
      value = value << 8 | static_cast<unsigned char>(bytes_[at + (is_little_ ? size - 1 - i : i)]);
    return value;
  }
  /// Where the entry of a tag stands, in the folder at `folder`: a count, then entries of twelve bytes: tag, type,
  /// count, and the value, or where it lies.
  std::optional<size_t> entry(size_t folder, uint16_t tag, uint16_t type) const {
    const uint32_t entries = number(folder, 2).value_or(0);
    for (size_t i = 0, at = folder + 2; i < entries; ++i, at += 12)
      if (number(at, 2) == tag && number(at + 2, 2) == type) return at;
    return std::nullopt;
  }
  /// The value of a tag of bytes; empty where it is not there.
  std::string_view bytes_of(size_t folder, uint16_t tag) const {
    constexpr size_t kWithin = 4;
    const auto at = entry(folder, tag, kUndefined);
    const size_t size = at ? number(*at + 4, 4).value_or(0) : 0;
    if (size <= kWithin) return {};
    const size_t begin = number(*at + 8, 4).value_or(0);
    if (begin > bytes_.size() || bytes_.size() - begin < size) return {};
    return bytes_.substr(begin, size);
  }

 private:
  std::string_view bytes_;
  bool is_little_;
};

Tiff opened(std::string_view exif) {
  if (starts_with(exif, kBegin)) exif.remove_prefix(kBegin.size());
  return Tiff(exif);
}

std::string big_endian(size_t number, size_t size) {
  std::string bytes;
  while (size-- > 0) bytes += static_cast<char>(number >> 8 * size & 0xff);
  return bytes;
}

std::string utf16(std::string_view text) {
  std::string bytes;
  for (const char32_t c : decode_utf8(text)) {
    if (c >= 0x10000) bytes += big_endian(0xD800 + ((c - 0x10000) >> 10), 2);
    bytes += big_endian(c >= 0x10000 ? 0xDC00 + (c & 0x3FF) : c, 2);
  }
  return bytes;
}

/// What is no UTF-16 becomes U+FFFD.
std::string from_utf16(std::string_view bytes) {
  // Programs say no byte order. The first letter of settings is one of ASCII.
  const bool is_little = bytes.size() >= 2 && bytes[1] == 0 && bytes[0] != 0;
  std::u32string characters;
  char32_t high = 0;
  for (size_t at = 0; at + 1 < bytes.size(); at += 2) {
    const auto first = static_cast<unsigned char>(bytes[at]), second = static_cast<unsigned char>(bytes[at + 1]);
    const char32_t unit = is_little ? second << 8 | first : first << 8 | second;
    const bool is_low = unit >= 0xDC00 && unit < 0xE000;
    if (high != 0 && is_low) {
      characters += 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00);
      high = 0;
      continue;
    }
    if (high != 0) characters += U'\uFFFD';
    high = unit >= 0xD800 && unit < 0xDC00 ? unit : 0;
    if (high == 0) characters += is_low ? U'\uFFFD' : unit;
  }
  if (high != 0) characters += U'\uFFFD';
  return encode_utf8(characters);
}

std::string entry(uint16_t tag, uint16_t type, size_t count, size_t value) {
  return big_endian(tag, 2) + big_endian(type, 2) + big_endian(count, 4) + big_endian(value, 4);
}

}  // namespace

int exif_orientation(std::string_view exif) {
  const Tiff tiff = opened(exif);
  if (!tiff.is_sound()) return 1;
  const auto at = tiff.entry(tiff.first_folder(), kOrientation, kShort);
  const uint32_t value = at ? tiff.number(*at + 8, 2).value_or(1) : 1;
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

std::string write_exif(const ExifWords& words) {
  const std::string comment = std::string(kUnicode) + utf16(words.comment);
  const std::string note = words.note.empty() ? "" : std::string(kOurs) + words.note;
  constexpr size_t kHeader = 8, kCount = 2, kEntry = 12, kNext = 4;
  const size_t folder = kHeader + kCount + kEntry + kNext;
  const size_t entries = note.empty() ? 1 : 2;
  const size_t data = folder + kCount + entries * kEntry + kNext;
  std::string exif = "MM" + big_endian(42, 2) + big_endian(kHeader, 4);
  exif += big_endian(1, kCount) + entry(kExifFolder, kLong, 1, folder) + big_endian(0, kNext);
  exif += big_endian(entries, kCount);  // tags rise
  if (!note.empty()) exif += entry(kMakerNote, kUndefined, note.size(), data);
  exif += entry(kUserComment, kUndefined, comment.size(), data + note.size());
  return exif + big_endian(0, kNext) + note + comment;
}

ExifWords read_exif_words(std::string_view exif) {
  const Tiff tiff = opened(exif);
  ExifWords words;
  if (!tiff.is_sound()) return words;
  const auto at = tiff.entry(tiff.first_folder(), kExifFolder, kLong);
  const auto folder = at ? tiff.number(*at + 8, 4) : std::nullopt;
  if (!folder) return words;
  const std::string_view comment = tiff.bytes_of(*folder, kUserComment), note = tiff.bytes_of(*folder, kMakerNote);
  if (starts_with(comment, kUnicode)) words.comment = from_utf16(comment.substr(kUnicode.size()));
  if (starts_with(comment, kAscii)) words.comment = encode_utf8(decode_utf8(comment.substr(kAscii.size())));
  if (starts_with(note, kOurs)) words.note = encode_utf8(decode_utf8(note.substr(kOurs.size())));
  return words;
}

}  // namespace alice
