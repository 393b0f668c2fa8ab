#include "core/base/one_line.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "core/base/utf8.h"

namespace alice {
namespace {

/// Unicode 15, Bidi_Control, and the separators of lines and paragraphs.
constexpr std::array<std::pair<char32_t, char32_t>, 6> kTurns = {
    {{0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x2029}, {0x202A, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}}};

bool is_unsafe(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
  return std::any_of(kTurns.begin(), kTurns.end(),
                     [c](const auto& range) { return c >= range.first && c <= range.second; });
}

std::string escape_of(char32_t c) {
  switch (c) {
    case '\b': return "\\b";
    case '\f': return "\\f";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: break;
  }
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", static_cast<unsigned>(c & 0xFFFF));
  return text;
}

enum class LineFeeds { none, before_blanks, all };

std::string escaped(std::string_view text, LineFeeds kept) {
  const std::u32string characters = decode_utf8(text);
  const auto stays = [&](size_t i) {
    if (characters[i] != '\n' || kept == LineFeeds::none) return false;
    return kept == LineFeeds::all || std::u32string_view(characters).substr(i + 1, 2) == U"  ";
  };
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < characters.size(); ++i)
    out += is_unsafe(characters[i]) && !stays(i) ? escape_of(characters[i]) : encode_utf8({&characters[i], 1});
  return out;
}

/// Most text is: nothing but printable ASCII.
bool is_simple(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; });
}

}  // namespace

std::string on_one_line(std::string_view text) {
  return is_simple(text) ? std::string(text) : escaped(text, LineFeeds::none);
}

std::string on_indented_lines(std::string_view text) {
  return is_simple(text) ? std::string(text) : escaped(text, LineFeeds::before_blanks);
}

std::string on_lines(std::string_view text) { return escaped(text, LineFeeds::all); }

bool is_plain_line(std::string_view text) { return on_one_line(text) == text; }

}  // namespace alice
