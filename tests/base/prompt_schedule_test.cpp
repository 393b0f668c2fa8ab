// The facts are those of the doctests of A1111's modules/prompt_parser.py (1.10.1), and of its parser asked with lark.

#include "core/base/prompt_schedule.h"

#include "tests/support/catch.h"

using namespace alice;

namespace {

using Stretches = std::vector<PromptStretch>;

struct Fact {
  const char* prompt;
  Stretches stretches;
};

void check_facts(int64_t steps, const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) {
    INFO(fact.prompt);
    CHECK((PromptSchedule(fact.prompt).stretches(steps) == fact.stretches));
  }
}

std::string at_step(const Stretches& stretches, int64_t step) {
  for (const PromptStretch& stretch : stretches)
    if (stretch.end >= step) return stretch.text;
  return "";
}

}  // namespace

TEST_CASE("schedules change as the reference's doctests say") {
  check_facts(10, {{"test", {{10, "test"}}},
                   {"a [b:3]", {{3, "a "}, {10, "a b"}}},
                   {"a [b: 3]", {{3, "a "}, {10, "a b"}}},
                   {"a [[[b]]:2]", {{2, "a "}, {10, "a [[b]]"}}},
                   {"[(a:2):3]", {{3, ""}, {10, "(a:2)"}}},
                   {"a [b : c : 1] d", {{1, "a b  d"}, {10, "a  c  d"}}},
                   {"a[b:[c:d:2]:1]e", {{1, "abe"}, {2, "ace"}, {10, "ade"}}},
                   {"a [unbalanced", {{10, "a [unbalanced"}}},
                   {"a [b:.5] c", {{5, "a  c"}, {10, "a b c"}}},
                   {"a [{b|d{:.5] c", {{10, "a [{b|d{:.5] c"}}},
                   {"((a][:b:c [d:3]", {{3, "((a][:b:c "}, {10, "((a][:b:c d"}}},
                   {"[a|(b:1.1)]",
                    {{1, "a"}, {2, "(b:1.1)"}, {3, "a"}, {4, "(b:1.1)"}, {5, "a"}, {6, "(b:1.1)"}, {7, "a"},
                     {8, "(b:1.1)"}, {9, "a"}, {10, "(b:1.1)"}}},
                   {"[fe|]male",
                    {{1, "female"}, {2, "male"}, {3, "female"}, {4, "male"}, {5, "female"}, {6, "male"},
                     {7, "female"}, {8, "male"}, {9, "female"}, {10, "male"}}}});
}

TEST_CASE("schedules by shares, signs and exponents, and from or to nothing") {
  check_facts(20, {{"[a::5]b", {{5, "ab"}, {20, "b"}}},
                   {"[a:b:1.0]", {{20, "a"}}},
                   {"[a:b:0]", {{20, "b"}}},
                   {"[a:b:-3]", {{20, "b"}}},
                   {"[a:b:99]", {{20, "a"}}},
                   {"[a:b:0.01]", {{20, "b"}}},
                   {"[a:b:1e1]", {{10, "a"}, {20, "b"}}},
                   {"[a:b:1e999]", {{20, "a"}}},
                   {"[ : 5 ]", {{5, ""}, {20, " "}}},
                   {"[a:b:5 6]", {{20, "[a:b:5 6]"}}},
                   {"", {{20, ""}}}});
}

TEST_CASE("an alternation is one of many branches at each step, also in a schedule and with one in it") {
  const Stretches four = PromptSchedule("[a|b|c|d]").stretches(8);
  for (int64_t step = 1; step <= 8; ++step) CHECK(at_step(four, step) == std::string(1, "abcd"[(step - 1) % 4]));
  const Stretches nested = PromptSchedule("x[a|[b:c:4]|]y").stretches(9);
  const char* expected[] = {"xay", "xby", "xy", "xay", "xcy", "xy", "xay", "xcy", "xy"};
  for (int64_t step = 1; step <= 9; ++step) CHECK(at_step(nested, step) == expected[step - 1]);
}

TEST_CASE("what the grammar does not allow makes the whole prompt text") {
  for (const char* prompt : {"a | [b:c:3]", "(a|b) [c:d:3]", "[a|b:3]", "[a:b:3] \\", "[a:b:3] \\\n"}) {
    INFO(prompt);
    CHECK((PromptSchedule(prompt).stretches(10) == Stretches{{10, prompt}}));
    CHECK(!PromptSchedule(prompt).changes());
    CHECK(PromptSchedule(prompt).notes().size() == 1);
  }
  CHECK(PromptSchedule("\xC3\xA9 [a|b] | c").notes().at(0).find("column 9 ") != std::string::npos);
  CHECK((PromptSchedule("\\[a:b:3\\] \\|").stretches(10) == Stretches{{10, "\\[a:b:3\\] \\|"}}));
  CHECK(PromptSchedule("[a:b:3]").notes().empty());
}

TEST_CASE("AND divides a prompt into parts with weights") {
  using Parts = std::vector<PromptPart>;
  CHECK((split_parts("a AND b :0.5") == Parts{{"a", 1}, {" b", 0.5}}));
  CHECK((split_parts("a AND (b AND c:1.2)") == Parts{{"a", 1}, {" (b", 1}, {" c:1.2)", 1}}));
  CHECK((split_parts("SAND AND_ ANDY and") == Parts{{"SAND AND_ ANDY and", 1}}));
  CHECK((split_parts("a : -2. ANDb AND c:.5  ") == Parts{{"a : -2. ANDb", 1}, {" c", 0.5}}));
  CHECK((split_parts("a:1.2.3") == Parts{{"a:1.2.3", 1}}));
  CHECK((split_parts("a: 16:9") == Parts{{"a: 16", 9}}));
  CHECK((split_parts("") == Parts{{"", 1}}));
  CHECK((split_parts("AND") == Parts{{"", 1}, {"", 1}}));
  const std::string letter = "\xE7\x8C\xAB" "AND", full_stop = "\xE3\x80\x82" "AND x";
  CHECK((split_parts(letter) == Parts{{letter, 1}}));
  CHECK((split_parts(full_stop) == Parts{{"\xE3\x80\x82", 1}, {" x", 1}}));
}

TEST_CASE("a hundred thousand brackets take no time that grows faster than they do, and no stack") {
  for (const std::string piece : {"(", "[", "[a:", "[a|", "((a))", "[a:b:3", "\\(", "AND "}) {
    std::string prompt;
    while (prompt.size() < 100'000) prompt += piece;
    CHECK(!PromptSchedule(prompt).stretches(2).empty());
    CHECK(!split_parts(prompt).empty());
  }
  const size_t depth = 30'000;
  std::string nested;
  for (size_t i = 0; i < depth; ++i) nested += "[";
  for (size_t i = 0; i < depth; ++i) nested += ":1]";
  CHECK((PromptSchedule(nested).stretches(2) == Stretches{{1, ""}, {2, ""}}));
}
