#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// What a first byte promises: how many bytes follow, and the bounds of the second one (Unicode 15, table 3-7).
struct Lead {
  int following = -1;  ///< -1: no first byte
  unsigned char lowest = 0x80, highest = 0xBF;
};

Lead lead_of(unsigned char byte) {
  if (byte < 0x80) return {0};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {1};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte < 0xF0) return {2};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte < 0xF4) return {3};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i++]);
    const Lead lead = lead_of(first);
    if (lead.following <= 0) {
      out += lead.following == 0 ? first : kReplacement;
      continue;
    }
    char32_t character = first & (0x3F >> lead.following);
    int missing = lead.following;
    for (; missing > 0 && i < text.size(); --missing, ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const bool second = missing == lead.following;
      if (byte < (second ? lead.lowest : 0x80) || byte > (second ? lead.highest : 0xBF)) break;
      character = character << 6 | (byte & 0x3F);
    }
    out += missing == 0 ? character : kReplacement;
  }
  return out;
}

std::string encode_utf8(std::u32string_view characters) {
  std::string out;
  out.reserve(characters.size());
  for (const char32_t c : characters) {
    const auto rest = [&](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3F)); };
    if (c < 0x80)
      out += static_cast<char>(c);
    else if (c < 0x800)
      (out += static_cast<char>(0xC0 | c >> 6)) += rest(0);
    else if (c < 0x10000)
      ((out += static_cast<char>(0xE0 | c >> 12)) += rest(6)) += rest(0);
    else
      (((out += static_cast<char>(0xF0 | c >> 18)) += rest(12)) += rest(6)) += rest(0);
  }
  return out;
}

std::string brief(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (text[most] & 0xC0) == 0x80) --most;
  return std::string(text.substr(0, most)) + "...";
}

}  // namespace alice
