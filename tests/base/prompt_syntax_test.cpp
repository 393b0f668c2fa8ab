#include "core/base/prompt_syntax.h"

#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

std::string only_sentence(const std::string& prompt) {
  const auto sentences = unread_syntax(prompt);
  INFO(prompt);
  REQUIRE(sentences.size() == 1);
  return sentences[0];
}

}  // namespace

TEST_CASE("syntax of other programs is told with its column and what is not built") {
  struct Case {
    const char *prompt, *shown, *column, *why;
  };
  const Case cases[] = {{"a (red:1.3) cat", "\"(red:1.3)\"", "column 3 ", "weights are read with"},
                        {"a (red : -.5 ) cat", "\"(red : -.5 )\"", "column 3 ", "weights are read with"},
                        {"(masterpiece), a cat", "\"(masterpiece)\"", "column 1 ", "weights are read with"},
                        {"a cat, [blurry]", "\"[blurry]\"", "column 8 ", "weights are read with"},
                        {"a ((red)) cat", "\"(red)\"", "column 4 ", "weights are read with"},
                        {"a [red:blue:0.5] cat", "\"[red:blue:0.5]\"", "column 3 ", "change between steps"},
                        {"a [red::3] cat", "\"[red::3]\"", "column 3 ", "change between steps"},
                        {"a [red|blue] cat", "\"[red|blue]\"", "column 3 ", "alternate between steps"},
                        {"a cat BREAK a dog", "\"BREAK\"", "column 7 ", "divide a prompt"},
                        {"a cat AND a dog :0.5", "\"AND\"", "column 7 ", "divide a prompt"},
                        {"a cat, embedding:bad", "\"embedding:\"", "column 8 ", "prompt_style comfyui"},
                        {"a {red|blue} cat", "\"{red|blue}\"", "column 3 ", "no choice"},
                        {"a __colour__ cat", "\"__colour__\"", "column 3 ", "wildcards"},
                        {"<hypernet:x:1> cat", "\"<hypernet:x:1>\"", "column 1 ", "those of LoRAs"},
                        {"cat \\(animal\\)", "\"\\(\"", "column 5 and 1 more are", "backslash"},
                        {"\xC3\xA9 (red:1.3)", "\"(red:1.3)\"", "column 3 ", "weights are read with"}};
  for (const Case& one : cases) {
    const std::string sentence = only_sentence(one.prompt);
    INFO(sentence);
    CHECK(says(sentence, one.shown));
    CHECK(says(sentence, one.column));
    CHECK(says(sentence, one.why));
    CHECK(says(sentence, "taken literally"));
  }
}

TEST_CASE("of many of a kind the first is shown and the rest are counted") {
  CHECK(says(only_sentence("(a:1) (b:2) (c:3)"), "\"(a:1)\" at column 1 and 2 more are taken literally"));
  CHECK(unread_syntax("(a cat:1.3) [dog], BREAK embedding:x").size() == 3);
}

TEST_CASE("what a style reads is not told") {
  const std::string all = "(a cat:1.3) [dog] [a:b:3] [a|b] x BREAK y AND z, embedding:w {a|b} __c__ \\(d\\)";
  CHECK(unread_syntax(all, PromptStyle::plain).size() == 8);
  CHECK(unread_syntax(all, PromptStyle::a1111).size() == 3);    // embedding:, choice, wildcard
  CHECK(unread_syntax(all, PromptStyle::comfyui).size() == 5);  // schedule, alternation, division, choice, wildcard
  CHECK(unread_syntax("a cat, [blurry]", PromptStyle::comfyui).size() == 1);
}

TEST_CASE("notes tell what A1111 reads in a prompt that may be meant as text") {
  const auto notes = [](const std::string& prompt) { return prompt_notes(prompt, PromptStyle::a1111, "/prompt"); };
  CHECK(says(notes("a film, 16:9").at(0), "\":9\" at column 11 is the weight of the whole prompt"));
  CHECK(says(notes("a cat :(").at(0), "\"(\" at column 8 is closed by nothing"));
  CHECK(prompt_notes("a film, 16:9", PromptStyle::a1111, "/negative_prompt").empty());
  CHECK(prompt_notes("a film, 16:9 (", PromptStyle::plain, "/prompt").empty());
  CHECK(notes("a (cat:1.2) AND a dog:0.5").empty());
  CHECK(says(notes(std::string(40'000, '(')).at(0), "prompt_style plain"));
}

TEST_CASE("plain sentences and emoticons are left alone") {
  for (const char* prompt : {"a cat (sitting) on a mat",
                             "a cat :) and a dog :(",
                             "happy (: face",
                             "(^_^), cat",
                             "the time is 10:30",
                             "a sign that says [exit] in red",
                             "CATS AND DOGS",
                             "rock and roll",
                             "a breakfast",
                             "a < b > c",
                             "x <y> z",
                             "a_snake_case word",
                             "<3",
                             "f(x) = {1, 2}",
                             "",
                             "((",
                             "))",
                             ":)",
                             "a cat, (unclosed",
                             "ratio 1:2"}) {
    INFO(prompt);
    CHECK(unread_syntax(prompt).empty());
  }
}

TEST_CASE("very long prompts of brackets take no time that grows faster than they do") {
  for (const std::string piece : {"(", "<a:", "[a:", "((a))", "\\(", "__a__ ", "AND "}) {
    std::string prompt;
    while (prompt.size() < 100'000) prompt += piece;
    CHECK(unread_syntax(prompt).size() <= 2);
  }
  CHECK(unread_syntax(std::string(50'000, '(') + "a" + std::string(50'000, ')')).size() == 1);
}
