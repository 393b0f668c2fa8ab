#include "core/base/prompt_words.h"

#include <array>
#include <cctype>

namespace alice {
namespace {

/// Characters in UTF-8 that Python's str.isspace() knows beyond ASCII.
constexpr std::array<std::string_view, 19> kBlanks = {
    "\xC2\x85",     "\xC2\xA0",     "\xE1\x9A\x80", "\xE2\x80\x80", "\xE2\x80\x81", "\xE2\x80\x82", "\xE2\x80\x83",
    "\xE2\x80\x84", "\xE2\x80\x85", "\xE2\x80\x86", "\xE2\x80\x87", "\xE2\x80\x88", "\xE2\x80\x89", "\xE2\x80\x8A",
    "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"};

bool is_ascii_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1C' && c <= '\x1F'); }

char32_t code_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(at + i < text.size() ? text[at + i] : 0); };
  if (byte(0) < 0x80) return byte(0);
  if (byte(0) < 0xE0) return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  if (byte(0) < 0xF0) return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}

/// Beyond ASCII: the blocks of punctuation, symbols and blanks are none.
bool is_word_character(char32_t c) {
  if (c < 0x80) return std::isalnum(static_cast<int>(c)) != 0 || c == '_';
  if (c < 0xC0) return c == 0xAA || c == 0xB2 || c == 0xB3 || c == 0xB5 || (c >= 0xB9 && c != 0xBB && c != 0xBF);
  if (c == 0xD7 || c == 0xF7) return false;
  if (c >= 0x2000 && c < 0x2070) return false;
  if (c >= 0x2190 && c < 0x2460) return false;
  if (c >= 0x2500 && c < 0x2C00) return false;
  if (c >= 0x3000 && c < 0x3041) return c >= 0x3005 && c <= 0x3007;
  if (c >= 0xFF00 && c < 0xFF10) return false;
  if (c >= 0xFF1A && c < 0xFF21) return false;
  return c < 0x1F000 || c >= 0x20000;
}

bool is_word_before(std::string_view text, size_t at) {
  if (at == 0) return false;
  do --at;
  while (at > 0 && (text[at] & 0xC0) == 0x80);
  return is_word_character(code_at(text, at));
}

}  // namespace

size_t blank_at(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  if (is_ascii_blank(text[at])) return 1;
  for (const std::string_view blank : kBlanks)
    if (text.compare(at, blank.size(), blank) == 0) return blank.size();
  return 0;
}

size_t blank_before(std::string_view text, size_t at) {
  if (at == 0) return 0;
  if (is_ascii_blank(text[at - 1])) return 1;
  for (const std::string_view blank : kBlanks)
    if (at >= blank.size() && text.compare(at - blank.size(), blank.size(), blank) == 0) return blank.size();
  return 0;
}

std::string_view without_blanks_behind(std::string_view text) {
  while (const size_t blank = blank_before(text, text.size())) text.remove_suffix(blank);
  return text;
}

std::vector<size_t> places_of_word(std::string_view text, std::string_view word) {
  std::vector<size_t> places;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + word.size())) {
    const size_t end = at + word.size();
    if (!is_word_before(text, at) && (end == text.size() || !is_word_character(code_at(text, end))))
      places.push_back(at);
  }
  return places;
}

}  // namespace alice
