#include "core/base/one_line.h"

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

std::string character(char32_t c) { return encode_utf8({&c, 1}); }

/// What no terminal and no log may be given: C0, DEL, C1, separators of lines, marks of direction (Unicode 15,
/// Bidi_Control and Zl, Zp).
bool is_unsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

}  // namespace

TEST_CASE("of all characters the unsafe ones become escapes, and no other changes") {
  for (char32_t c = 0; c < 0x11000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string text = "a" + character(c) + "b", shown = on_one_line(text);
    if ((shown != text) != is_unsafe(c)) FAIL("U+" << std::hex << static_cast<unsigned>(c));
    if (is_unsafe(c) && (shown[1] != '\\' || shown.size() < 4)) FAIL(shown);
    if (is_plain_line(text) == is_unsafe(c)) FAIL(shown);
  }
}

TEST_CASE("escapes are JSON's, and mean in a JSON text what they stood for") {
  CHECK(on_one_line("a\nb\t\x1b[31m\x7f") == "a\\nb\\t\\u001b[31m\\u007f");
  CHECK(on_one_line(character(0x9B) + character(0x202E)) == "\\u009b\\u202e");
  CHECK(on_one_line("\xff") == "\uFFFD");
  CHECK(on_one_line("a \"quoted\" back\\slash, \u00e4") == "a \"quoted\" back\\slash, \u00e4");
  const Json value = {{"k", "x" + character(0x7F) + character(0x9B) + character(0x2067) + "\n"}};
  CHECK(Json::parse(on_one_line(dump_json(value))) == value);
  CHECK(Json::parse(on_lines(dump_json(value, 2))) == value);
}

TEST_CASE("line feeds stay where the text is set in, so that no stranger begins a line") {
  CHECK(on_indented_lines("2 faults:\n  a\n  b") == "2 faults:\n  a\n  b");
  CHECK(on_indented_lines("x\n2026-11-30 critical forged\n") == "x\\n2026-11-30 critical forged\\n");
}

TEST_CASE("an error shows what strangers wrote as it is safe, and its faults a line each") {
  const std::string name = "m\n2026 critical forged\x1b[2J";
  const Error one(ErrorCode::bad_weights, name, "tensor '" + name + "' is missing");
  CHECK(is_plain_line(one.what()));
  const Error two(ErrorCode::bad_weights, {{name, "is bad"}, {"b", name}});
  const std::string said = two.what();
  CHECK(std::count(said.begin(), said.end(), '\n') == 2);
  CHECK_FALSE(says(said, "\n2026"));
  CHECK_FALSE(says(said, "\x1b"));
  CHECK(Error(two.code(), "", two.sentence()).sentence() == two.sentence());
}
