#pragma once
// Command lines, read as the programs read them.

#include <string>
#include <vector>

#include "server/cli/command_line.h"
#include "tests/support/catch.h"

namespace alice::test {

using Words = std::vector<std::string>;

inline ParsedCommandLine parse(const Words& words) {
  std::vector<const char*> argv = {"alice"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  return parse_command_line(static_cast<int>(argv.size()), argv.data());
}

inline CommandLine read(const Words& words) {
  const ParsedCommandLine parsed = parse(words);
  if (parsed.answer.has_value()) FAIL(parsed.answer->text);
  return parsed.line;
}

/// What is said to a wrong command line.
inline std::string refusal(const Words& words) {
  const ParsedCommandLine parsed = parse(words);
  REQUIRE(parsed.answer.has_value());
  CHECK(parsed.answer->exit_code == kExitUsage);
  return parsed.answer->text;
}

inline Words generate_with(Words more) {
  Words words = {"generate", "--prompt", "a cat", "--out", "cat.png"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace alice::test
