#include "core/base/prompt_syntax.h"

#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("syntax of other tools is told, with what was written") {
  for (const char* syntax : {"(a cat:1.3)", "((cat))", "[cat]", "[cat:dog:0.5]", "[cat|dog]", "BREAK", "AND",
                             "embedding:easynegative", "{red|blue}", "__colour__", "<hypernet:x:1>"}) {
    const std::vector<std::string> told = unknown_syntax("a house, " + std::string(syntax) + " , blue");
    INFO(syntax);
    REQUIRE(told.size() == 1);
    CHECK(told[0].rfind("'" + std::string(syntax) + "' is taken as it stands", 0) == 0);
  }
}

TEST_CASE("plain words and escaped brackets are no syntax") {
  for (const char* prompt : {"", "a cat (sitting) on a mat", "a cat, 16:9", "\\(a cat:1.3\\)", "\\[cat\\]", "break and",
                             "BREAKFAST AND-OR", "a < b", "a_b__c", "\xE7\x8C\xAB (\xE7\x8C\xAB)"})
    CHECK(unknown_syntax(prompt).empty());
}

TEST_CASE("each kind is told once, and a long text is looked at quickly") {
  CHECK(unknown_syntax("(a:1.1) (b:1.2) ((c)) BREAK x BREAK").size() == 2);
  for (const char c : {'(', '[', '{', '_', '<', ':', '|'}) CHECK(unknown_syntax(std::string(100'000, c)).size() <= 1);
}
