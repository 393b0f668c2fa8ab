#include "core/base/options.h"

#include "tests/support/errors.h"

using namespace alice;
using namespace alice::test;

namespace {

enum class Spacing { linspace, leading };

struct Options {
  bool flag = true;
  std::optional<bool> maybe_flag;
  int64_t count = 3;
  std::optional<int64_t> maybe_count;
  std::vector<int64_t> counts = {1, 2};
  double ratio = 0.5;
  double anything = std::numeric_limits<double>::infinity();
  std::vector<double> ratios;
  std::string text = "x";
  std::optional<std::string> maybe_text;
  Spacing spacing = Spacing::leading;
  std::optional<Spacing> maybe_spacing;
};

const OptionTable<Options>& table() {
  using O = Options;
  static const auto t =
      OptionTable<O>()
          .boolean("flag", &O::flag, "a flag")
          .boolean("maybe_flag", &O::maybe_flag, "a flag or nothing")
          .integer("count", &O::count, {1, 10}, "a count", "steps")
          .integer("maybe_count", &O::maybe_count, {0}, "a count or nothing")
          .integer("counts", &O::counts, {1, 5}, "counts")
          .number("ratio", &O::ratio, {0, 1}, "a ratio")
          .number("anything", &O::anything, {}, "any number")
          .number("ratios", &O::ratios, {0, 1}, "ratios")
          .text("text", &O::text, "a text")
          .text("maybe_text", &O::maybe_text, "a text or nothing")
          .choice("spacing", &O::spacing, {{"linspace", Spacing::linspace}, {"leading", Spacing::leading}}, "a choice")
          .choice("maybe_spacing", &O::maybe_spacing, {{"linspace", Spacing::linspace}}, "a choice or nothing");
  return t;
}

Options read(const char* text, Faults& faults, UnknownKeys unknown = UnknownKeys::fault) {
  return table().read(parse_json(text, "test"), unknown, json_places(""), faults);
}

/// The sentence of the only fault that `text` makes.
std::string fault_of(const char* text) {
  Faults faults;
  read(text, faults);
  REQUIRE(faults.list().size() == 1);
  return faults.list()[0].place + ": " + faults.list()[0].sentence;
}

}  // namespace

TEST_CASE("what is not said keeps the field's initialiser") {
  for (const char* nothing : {"{}", "null"}) {
    Faults faults;
    const Options options = read(nothing, faults);
    CHECK(faults.empty());
    CHECK(options.flag);
    CHECK(options.count == 3);
    CHECK(options.counts == std::vector<int64_t>{1, 2});
    CHECK(options.spacing == Spacing::leading);
    CHECK_FALSE(options.maybe_count.has_value());
  }
}

TEST_CASE("every kind of option is read") {
  Faults faults;
  const Options options =
      read(R"({"flag":false,"maybe_flag":true,"count":10,"maybe_count":0,"counts":[5],"ratio":1,"ratios":[0,0.5],
                                   "anything":-1e300,"text":"","maybe_text":"y","spacing":"linspace","maybe_spacing":"linspace"})",
           faults);
  CHECK(faults.empty());
  CHECK_FALSE(options.flag);
  CHECK(options.maybe_flag == true);
  CHECK(options.count == 10);
  CHECK(options.maybe_count == 0);
  CHECK(options.counts == std::vector<int64_t>{5});
  CHECK(options.ratio == 1);
  CHECK(options.anything == -1e300);
  CHECK(options.ratios == std::vector<double>{0, 0.5});
  CHECK(options.text.empty());
  CHECK(options.maybe_text == "y");
  CHECK(options.spacing == Spacing::linspace);
  CHECK(options.maybe_spacing == Spacing::linspace);
}

TEST_CASE("null means absent where a field may be absent, and is a fault elsewhere") {
  Faults faults;
  const Options options =
      read(R"({"maybe_flag":null,"maybe_count":null,"counts":null,"maybe_text":null,"maybe_spacing":null})", faults);
  CHECK(faults.empty());
  CHECK(options.counts.empty());
  CHECK_FALSE(options.maybe_text.has_value());
  CHECK(fault_of(R"({"count":null})") == "/count: must be an integer from 1 to 10 (steps), got null");
}

TEST_CASE("wrong types and ranges are faults that say what is right") {
  CHECK(fault_of(R"({"flag":1})") == "/flag: must be true or false, got 1");
  CHECK(fault_of(R"({"count":0})") == "/count: must be an integer from 1 to 10 (steps), got 0");
  CHECK(fault_of(R"({"count":11})") == "/count: must be an integer from 1 to 10 (steps), got 11");
  CHECK(fault_of(R"({"count":2.5})") == "/count: must be an integer from 1 to 10 (steps), got 2.5");
  CHECK(fault_of(R"({"count":"3"})") == "/count: must be an integer from 1 to 10 (steps), got \"3\"");
  CHECK(fault_of(R"({"maybe_count":-1})") == "/maybe_count: must be an integer of at least 0, or null, got -1");
  CHECK(fault_of(R"({"counts":[1,6]})") == "/counts: must be a list of integers from 1 to 5, or null, got [1,6]");
  CHECK(fault_of(R"({"counts":3})") == "/counts: must be a list of integers from 1 to 5, or null, got 3");
  CHECK(fault_of(R"({"counts":{"a":1}})") == "/counts: must be a list of integers from 1 to 5, or null, got {\"a\":1}");
  CHECK(fault_of(R"({"ratio":1.5})") == "/ratio: must be a number from 0 to 1, got 1.5");
  CHECK(fault_of(R"({"ratio":NaN})") == "/ratio: must be a number from 0 to 1, got \"NaN\"");
  CHECK(fault_of(R"({"ratio":Infinity})") == "/ratio: must be a number from 0 to 1, got \"Infinity\"");
  CHECK(fault_of(R"({"text":[]})") == "/text: must be a string, got []");
  CHECK(fault_of(R"({"spacing":"leadin"})") ==
        "/spacing: must be one of linspace, leading, got \"leadin\" (did you mean 'leading'?)");
  CHECK(fault_of(R"([])") == ": must be an object with named members, got []");
}

TEST_CASE("integers come in every spelling that keeps their value") {
  for (const auto& [text, value] :
       {std::pair<const char*, int64_t>{"2.0", 2}, {"9223372036854775807", INT64_MAX}, {"1e3", 1000}}) {
    Faults faults;
    const Options options = read((std::string(R"({"maybe_count":)") + text + "}").c_str(), faults);
    CHECK(faults.empty());
    CHECK(options.maybe_count == value);
  }
  for (const char* text : {"9223372036854775808", "1e300", "18446744073709551615", "1e18"}) {
    INFO(text);
    Faults faults;
    read((std::string(R"({"maybe_count":)") + text + "}").c_str(), faults);
    CHECK(faults.list().size() == 1);
  }
}

TEST_CASE("infinity passes where the range has room for it") {
  Faults faults;
  CHECK(read(R"({"anything":-Infinity})", faults).anything == -std::numeric_limits<double>::infinity());
  CHECK(faults.empty());
}

TEST_CASE("a member with a fault keeps its value, and every fault is found") {
  Faults faults;
  const Options options = read(R"({"count":99,"ratio":"x","text":5,"flag":false,"conut":1})", faults);
  CHECK(faults.list().size() == 4);
  CHECK(options.count == 3);
  CHECK(options.ratio == 0.5);
  CHECK_FALSE(options.flag);
}

TEST_CASE("an unknown key is a fault with the nearest name, or passed over in a model's own files") {
  CHECK(fault_of(R"({"conut":1})") == "/conut: 'conut' is not an option here (did you mean 'count'?)");
  Faults faults;
  read(R"({"conut":1})", faults, UnknownKeys::pass_over);
  CHECK(faults.empty());
}

TEST_CASE("places are JSON pointers, special characters escaped") {
  CHECK(json_places("/a")("b") == "/a/b");
  CHECK(json_places("")("x/y~z") == "/x~1y~0z");
}

TEST_CASE("what is written reads back the same") {
  Faults faults;
  const Options options =
      read(R"({"count":7,"ratios":[0.25],"anything":Infinity,"maybe_text":"t","spacing":"linspace"})", faults);
  const Json written = table().write(options);
  CHECK(written.size() == table().specs().size());
  CHECK(written["anything"] == "Infinity");
  const Options again = table().read(written, UnknownKeys::fault, json_places(""), faults);
  CHECK(faults.empty());
  CHECK(table().write(again) == written);
}

TEST_CASE("a table describes itself") {
  const Json count = table().specs()[2].to_json();
  CHECK(count == Json({{"name", "count"},
                       {"type", "integer"},
                       {"help", "a count"},
                       {"default", 3},
                       {"unit", "steps"},
                       {"minimum", 1.0},
                       {"maximum", 10.0}}));
  const Json counts = table().specs()[4].to_json();
  CHECK(counts["list"] == true);
  CHECK(counts["default"] == Json({1, 2}));
  CHECK(table().specs()[6].to_json()["default"] == "Infinity");
  CHECK_FALSE(table().specs()[6].to_json().contains("minimum"));
  CHECK(table().specs()[10].to_json()["choices"] == Json({"linspace", "leading"}));
}

TEST_CASE("a long value is cut in a message, never within a character") {
  // 80 bytes are shown; the quote and the letters make 79, so the next character does not fit whole.
  const std::string sentence = fault_of(("{\"count\":\"" + std::string(78, 'a') + "\u00e9\u00e9\"}").c_str());
  CHECK(says(sentence, "aaa..."));
  CHECK_NOTHROW(Json(sentence).dump());  // throws for bytes that are no UTF-8
}
