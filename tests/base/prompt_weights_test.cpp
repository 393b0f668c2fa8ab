// The facts are those of the doctests of A1111's modules/prompt_parser.py (1.10.1), and of its functions and ComfyUI's
// asked themselves.

#include "core/base/prompt_weights.h"

#include "core/base/error.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {
using Pieces = std::vector<WeightedText>;
}

TEST_CASE("A1111's weights are those of the reference's doctests, to the last bit") {
  CHECK((a1111_weights("normal text") == Pieces{{"normal text", 1}}));
  CHECK((a1111_weights("an (important) word") == Pieces{{"an ", 1}, {"important", 1.1}, {" word", 1}}));
  CHECK((a1111_weights("(unbalanced") == Pieces{{"unbalanced", 1.1}}));
  CHECK((a1111_weights("\\(literal\\]") == Pieces{{"(literal]", 1}}));
  CHECK((a1111_weights("(unnecessary)(parens)") == Pieces{{"unnecessaryparens", 1.1}}));
  const Pieces house = {{"a ", 1.0}, {"house", 1.5730000000000004}, {" ", 1.1}, {"on", 1.0}, {" a ", 1.1},
                        {"hill", 0.55}, {", sun, ", 1.1}, {"sky", 1.4641000000000006}, {".", 1.1}};
  CHECK((a1111_weights("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).") == house));
}

TEST_CASE("A1111's odd ends: numbers without brackets, backslashes, emoticons, negative weights") {
  CHECK((a1111_weights("") == Pieces{{"", 1}}));
  CHECK((a1111_weights("a:1.3) b") == Pieces{{"a:1.3) b", 1}}));
  CHECK((a1111_weights("[a:1.3]") == Pieces{{"a:1.3", 1 / 1.1}}));
  CHECK((a1111_weights("(a:-.5)") == Pieces{{"a", -0.5}}));
  CHECK((a1111_weights("(a: 1.3 )") == Pieces{{"a", 1.3}}));
  CHECK((a1111_weights("(a:b)") == Pieces{{"a:b", 1.1}}));
  CHECK((a1111_weights("a\\b\\\\c\\") == Pieces{{"ab\\c", 1}}));
  CHECK((a1111_weights("((cat:1.5))") == Pieces{{"cat", 1.5 * 1.1}}));
  CHECK((a1111_weights("a cat :)") == Pieces{{"a cat :)", 1}}));
}

TEST_CASE("BREAK is a piece of its own, and a word within brackets") {
  const Pieces pieces = a1111_weights("a BREAK  b");
  CHECK((pieces == Pieces{{"a", 1}, {"BREAK", -1}, {"b", 1}}));
  CHECK(pieces[1].is_break());
  CHECK((a1111_weights("BREAKFAST aBREAK BREAK_") == Pieces{{"BREAKFAST aBREAK BREAK_", 1}}));
  CHECK((a1111_weights("BREAK") == Pieces{{"", 1}, {"BREAK", -1}, {"", 1}}));
  const Pieces within = a1111_weights("(a BREAK b)");
  CHECK((within == Pieces{{"a", 1.1}, {"BREAK", -1.1}, {"b", 1.1}}));
  CHECK(!within[1].is_break());
  CHECK(says(a1111_weight_notes("(a BREAK b)").at(0), "column 4 stands in brackets"));
  CHECK(says(a1111_weight_notes("a (b").at(0), "\"(\" at column 3 is closed by nothing"));
  CHECK(a1111_weight_notes("a (b) [c]").empty());
}

TEST_CASE("a weight that is no number, or none to compute with, is refused at its column") {
  const auto told = [](const char* prompt) {
    return std::string(error_of([&] { a1111_weights(prompt, "/negative_prompt"); }).what());
  };
  CHECK(says(told("\xC3\xA9 (a:1.2.3)"), "\"1.2.3\" at column 6 is no number"));
  CHECK(says(told("(a:.)"), "/negative_prompt"));
  CHECK(says(told("(a:9999999)"), "\"a\" is beyond"));
  CHECK(says(error_of([] { comfyui_weights("(a:1e30)"); }).what(), "is beyond"));
  CHECK(says(error_of([] { comfyui_weights("(a:nan)"); }).what(), "is beyond"));
}

TEST_CASE("ComfyUI's weights replace those around them") {
  CHECK((comfyui_weights("a (b) c") == Pieces{{"a ", 1}, {"b", 1.1}, {" c", 1}}));
  CHECK((comfyui_weights("((cat:1.5))") == Pieces{{"cat", 1.5}}));
  CHECK((comfyui_weights("(a (b:2) c:0.5)") == Pieces{{"a ", 0.5}, {"b", 2}, {" c", 0.5}}));
  CHECK((comfyui_weights("((a))") == Pieces{{"a", 1.1 * 1.1}}));
  CHECK((comfyui_weights("\\(a\\) [b] (c\\):2)") == Pieces{{"(a) [b] ", 1}, {"c)", 2}}));
  CHECK((comfyui_weights("(a:b:1.2)") == Pieces{{"a:b", 1.2}}));
  CHECK((comfyui_weights("(:1.2)") == Pieces{{":1.2", 1.1}}));
  CHECK((comfyui_weights("a ) (b") == Pieces{{"a ) (b", 1}}));
  CHECK(comfyui_weights("").empty());
  CHECK(comfyui_weights(std::string(10'000, '(') + "a:1" + std::string(10'000, ')')).size() == 1);
}
