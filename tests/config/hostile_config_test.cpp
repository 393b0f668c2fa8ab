#include <random>

#include "server/config/config_text.h"
#include "server/config/yaml_document.h"
#include "tests/config/config_folder.h"
#include "tests/support/catch.h"

using namespace alice;
using alice::test::ConfigFolder;

namespace {

/// Either loads or is refused with a sentence; anything else leaves the test.
void try_to_load(ConfigFolder& folder, const std::string& text) {
  try {
    folder.load(text);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK_FALSE(error.sentence().empty());
  }
}

std::string repeated(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a billion laughs are one refusal") {
  std::string text = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (char c = 'b'; c <= 'i'; ++c)
    text += std::string(1, c) + ": &" + c + " [" + repeated(std::string("*") + char(c - 1) + ", ", 9) + "x]\n";
  Faults faults;
  parse_yaml(text, "c", faults);
  REQUIRE(faults.list().size() == 1);
  CHECK(faults.list()[0].place == "c:2:8");
}

TEST_CASE("a configuration of a megabyte of anything is refused or read, and never a crash") {
  constexpr size_t kMegabyte = 1 << 20;
  ConfigFolder folder;
  const std::vector<std::string> units = {
      "[", "{",  "]", "- ",     "? ",   "! ",    "& ", "* ",    "a: ",   "'", "\"",  "\"\\",  "|\n",
      "#", "\n", "a", "a: 1\n", "-\n ", "{a: [", "%",  "---\n", "...\n", ",", "&a ", "!!str "};
  for (const std::string& unit : units) {
    INFO(unit);
    try_to_load(folder, repeated(unit, kMegabyte / unit.size()));
  }
  try_to_load(folder, "models: {directory: " + std::string(kMegabyte - 100, 'x') + "}");
  try_to_load(folder, "generation: {default_steps: " + std::string(kMegabyte - 100, '9') + "}");
  try_to_load(folder, "generation: {" + std::string(kMegabyte - 100, 'k') + ": 1}");
  std::string keys;
  for (int i = 0; keys.size() < kMegabyte - 100; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  try_to_load(folder, keys);
}

TEST_CASE("every beginning of the shipped configuration is refused or read") {
  const std::string text = test::bytes_of(ALICE_SHIPPED_CONFIG);
  Faults faults;
  for (size_t length = 0; length <= text.size(); ++length) parse_yaml(text.substr(0, length), "c", faults);
  ConfigFolder folder;
  for (size_t length = 0; length <= text.size(); length += 7) try_to_load(folder, text.substr(0, length));
}

TEST_CASE("random bytes and random damage are refused or read") {
  std::mt19937 random(1);
  const std::string text = test::bytes_of(ALICE_SHIPPED_CONFIG);
  const std::string marks = "\t\n :-?,[]{}#&*!|>'\"%@`\\~<=0a\xC3\xFF\x80";
  ConfigFolder folder;
  for (int i = 0; i < 300; ++i) {
    std::string damaged = text;
    for (int k = 0; k < 4; ++k) damaged[random() % damaged.size()] = marks[random() % marks.size()];
    try_to_load(folder, damaged);
    std::string noise(random() % 200, ' ');
    for (char& c : noise) c = marks[random() % marks.size()];
    try_to_load(folder, noise);
    for (char& c : noise) c = static_cast<char>(random());
    try_to_load(folder, noise);
  }
}
