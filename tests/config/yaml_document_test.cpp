#include "server/config/yaml_document.h"

#include "server/config/yaml_scalar.h"
#include "tests/support/catch.h"
#include "tests/support/errors.h"

using namespace alice;
using alice::test::says;

namespace {

/// The value of a text that is free of faults.
ConfigNode read(const std::string& text) {
  Faults faults;
  ConfigNode root = parse_yaml(text, "c.yaml", faults);
  for (const Fault& fault : faults.list()) FAIL_CHECK(fault.place << ": " << fault.sentence);
  return root;
}

std::vector<Fault> faults_of(const std::string& text) {
  Faults faults;
  parse_yaml(text, "c.yaml", faults);
  return faults.list();
}

}  // namespace

TEST_CASE("plain scalars take their types by YAML 1.2's core schema, and quoted ones are strings") {
  const std::vector<std::pair<std::string, Json>> cases = {
      {"null", nullptr},
      {"~", nullptr},
      {"", nullptr},
      {"Null", nullptr},
      {"nul", "nul"},
      {"true", true},
      {"TRUE", true},
      {"False", false},
      {"yes", "yes"},
      {"no", "no"},
      {"on", "on"},
      {"off", "off"},
      {"tRUE", "tRUE"},
      {"0", 0},
      {"-7", -7},
      {"+7", 7},
      {"007", 7},
      {"0o17", 15},
      {"0x1F", 31},
      {"9223372036854775807", INT64_MAX},
      {"-9223372036854775808", INT64_MIN},
      {"9223372036854775808", "9223372036854775808"},
      {"1_000", "1_000"},
      {"0b1", "0b1"},
      {"1.5", 1.5},
      {".5", 0.5},
      {"5.", 5.0},
      {"-1e3", -1000.0},
      {"+1.5E-1", 0.15},
      {"1e", "1e"},
      {".", "."},
      {"1.2.3", "1.2.3"},
      {"1e999", "1e999"},
      {".inf", "Infinity"},
      {"-.INF", "-Infinity"},
      {"+.Inf", "Infinity"},
      {".NaN", "NaN"},
      {"nan", "nan"},
      {"-", "-"},
      {"+", "+"},
      {"12:30", "12:30"},
      {"2001-01-01", "2001-01-01"},
  };
  for (const auto& [text, value] : cases) {
    INFO(text);
    CHECK(read_yaml_scalar(text) == value);
    CHECK(read_yaml_scalar(text).type() == value.type());
  }
  CHECK(read("a: '1'\nb: \"true\"\nc: !!str 5\nd: |\n  7\ne: 7\nf: !!map {}\ng: !!seq [h: 1]").to_json() ==
        Json({{"a", "1"},
              {"b", "true"},
              {"c", "5"},
              {"d", "7\n"},
              {"e", 7},
              {"f", Json::object()},
              {"g", Json::array({{{"h", 1}}})}}));
}

TEST_CASE("every value and key knows its line and column") {
  const ConfigNode root = read("# a comment\na: 1\nb:\n  c: [x, yy]\n\"d e\":   {f: g}\n");
  CHECK(root.find("a")->place == "c.yaml:2:1");
  CHECK(root.find("a")->value.place == "c.yaml:2:4");
  const ConfigNode& c = root.find("b")->value.find("c")->value;
  CHECK(c.place == "c.yaml:4:6");
  CHECK(c.items.at(1).place == "c.yaml:4:10");
  const auto* d = root.find("d e");
  CHECK(d->place == "c.yaml:5:1");
  CHECK(d->value.find("f")->place == "c.yaml:5:11");
  CHECK(d->value.value_places()("f") == "c.yaml:5:14");
  CHECK(d->value.key_places()("f") == "c.yaml:5:11");
  CHECK(d->value.key_places()("") == d->value.place);
}

TEST_CASE("keys stay strings and keep the order in which they were written") {
  const ConfigNode root = read("z: 1\n7: 2\ntrue: 3\n");
  CHECK(root.members.at(0).key == "z");
  CHECK(root.members.at(1).key == "7");
  CHECK(root.members.at(2).key == "true");
}

TEST_CASE("text that holds nothing is null") {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n"}) CHECK(read(text).is_null());
}

TEST_CASE("what YAML lets pass and a configuration must not is a fault with its place") {
  struct Case {
    std::string text, place, part;
  };
  const std::vector<Case> cases = {
      {"a: 1\nb: 2\na: 3\n", "c.yaml:3:1", "'a' stands twice; the first is at c.yaml:1:1"},
      {"a: {b: 1, c: 2, b: 3}", "c.yaml:1:17", "'b' stands twice"},
      {"a: &x [1]\nb: *x\n", "c.yaml:2:4", "aliases"},
      {"a: {}\n<<: {b: 1}\n", "c.yaml:2:1", "merge keys"},
      {"a: !secret 5\n", "c.yaml:1:4", "the tag !secret"},
      {"a: !!int 5\n", "c.yaml:1:4", "the tag tag:yaml.org,2002:int"},
      {"a: !secret {b: 1}\n", "c.yaml:1:4", "the tag !secret"},
      {"a: !secret [b]\n", "c.yaml:1:4", "the tag !secret"},
      {"a: 1\n---\nb: 2\n", "c.yaml:2:1", "a second document"},
      {"{a: 1} b\n", "c.yaml:1:8", "a second document"},
      {"? [a]\n: 1\n", "c.yaml:1:3", "a key must be a plain word"},
      {"a: \"x\\0y\"\n", "c.yaml:1:4", "zero byte"},
      {"a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n", "c.yaml:1:35",
       "nested deeper than 32"},
  };
  for (const Case& one : cases) {
    INFO(one.text);
    const auto faults = faults_of(one.text);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].place == one.place);
    CHECK(says(faults[0].sentence, one.part));
  }
}

TEST_CASE("a quote that is never closed does not swallow the keys after it") {
  for (const char* text : {"a: \"x\nb: 1\n", "a: 'x\nb: 1\n", "a: 'it''s\n", "a: \"x\\\"\n", "a: &k \"x\n",
                           "a: !!str \"x\nb: 1\n", "\"a: 1\n", "a: [\"x, 2]\n"}) {
    INFO(text);
    const auto faults = faults_of(text);
    REQUIRE(faults.size() == 1);
    CHECK(says(faults[0].place, "c.yaml:1:"));
    CHECK((says(faults[0].sentence, "never closed") || says(faults[0].sentence, "no valid YAML")));
  }
  CHECK(read("a: 'it''s \"so\"'\nb: \"say \\\"it's\\\"\"\nc: 'two\n  lines'\n").to_json() ==
        Json({{"a", "it's \"so\""}, {"b", "say \"it's\""}, {"c", "two lines"}}));
}

TEST_CASE("broken YAML is one fault at the place where it breaks") {
  for (const char* text :
       {"a: b: c\n", "a: [1, 2\nb: 3\n", "a: @x\n", "a: 1\n]\n", "a: %x\n", "a: *nope\n", "[", "{", "a: 'x' y\n"}) {
    INFO(text);
    const auto faults = faults_of(text);
    REQUIRE(faults.size() == 1);
    CHECK(says(faults[0].place, "c.yaml:"));
  }
}

TEST_CASE("an indentation with tabs is called by its name") {
  for (const char* text : {"a: 1\n\tb: 2\n", "a:\n\tb: 2\n"}) {
    const auto faults = faults_of(text);
    REQUIRE(faults.size() == 1);
    CHECK(says(faults[0].place, "c.yaml:2:"));
    CHECK(says(faults[0].sentence, "tab"));
  }
}

TEST_CASE("yes and no, where true or false is wanted, are faults that say what was meant") {
  struct Switch {
    bool on = false;
  };
  const auto table = OptionTable<Switch>().boolean("on", &Switch::on, "");
  for (const auto& [word, meant] :
       std::vector<std::pair<std::string, std::string>>{{"yes", "did you mean true"},
                                                        {"No", "did you mean false"},
                                                        {"ON", "did you mean true"},
                                                        {"off", "did you mean false"},
                                                        {"'true'", "did you mean true"},
                                                        {"1", "must be true or false, got 1"},
                                                        {"maybe", "must be true or false"}}) {
    INFO(word);
    const ConfigNode root = read("on: " + word + "\n");
    Faults faults;
    table.read(root.to_json(), UnknownKeys::fault, root.value_places(), faults);
    REQUIRE(faults.list().size() == 1);
    CHECK(faults.list()[0].place == "c.yaml:1:5");
    CHECK(says(faults.list()[0].sentence, meant));
  }
}
