#include "core/base/utf8.h"

#include "tests/support/catch.h"

using namespace alice;

TEST_CASE("UTF-8 of every length is read and written") {
  const std::string text = "a\u00e9\u20ac\U0001F600";
  CHECK(decode_utf8(text) == U"a\u00e9\u20ac\U0001F600");
  CHECK(encode_utf8(decode_utf8(text)) == text);
  CHECK(decode_utf8(std::string("\0x", 2)) == std::u32string(U"\0x", 2));
  for (const char32_t edge : {0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF})
    CHECK(decode_utf8(encode_utf8(std::u32string(1, edge))) == std::u32string(1, edge));
}

TEST_CASE("a quotation is cut between characters") {
  CHECK(brief("short", 5) == "short");
  CHECK(brief("too long", 3) == "too...");
  CHECK(brief("ab\u20acd", 4) == "ab...");
  CHECK(brief("ab\u20acd", 5) == "ab\u20ac...");
}

TEST_CASE("what is no UTF-8 becomes U+FFFD, as the Unicode standard recommends") {
  // Unicode 15, section 3.9, tables 3-8, 3-9, 3-10 and 3-11: the sequences and what becomes of them.
  CHECK(decode_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") == std::u32string(8, U'\uFFFD') + U'A');
  CHECK(decode_utf8("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41") == std::u32string(8, U'\uFFFD') + U'A');
  CHECK(decode_utf8("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42") == std::u32string(5, U'\uFFFD') + U"A\uFFFD\uFFFD" + U'B');
  CHECK(decode_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41") == std::u32string(4, U'\uFFFD') + U'A');
  CHECK(decode_utf8("\xE2\x82") == U"\uFFFD");
}
