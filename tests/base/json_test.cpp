#include "core/base/json.h"

#include "tests/support/errors.h"
#include "tests/support/temp_folder.h"

using namespace alice;
using namespace alice::test;

TEST_CASE("Python's words for numbers that are not finite become strings") {
  const Json json = parse_json(R"({"a": NaN, "b": [Infinity, -Infinity], "c": "NaN and -Infinity"})", "x");
  CHECK(json["a"] == "NaN");
  CHECK(json["b"] == Json({"Infinity", "-Infinity"}));
  CHECK(json["c"] == "NaN and -Infinity");
}

TEST_CASE("quotes and brackets within strings do not count") {
  const Json json = parse_json(R"({"a\"[[[": "\\", "b": "]}NaN\\\""})", "x");
  CHECK(json["a\"[[["] == "\\");
  CHECK(json["b"] == "]}NaN\\\"");
}

TEST_CASE("JSON that is wrong is an error with its place") {
  for (const char* text :
       {"", "{", "nan", "{\"a\":}", "[1,]", "01", "\"\xff\"", "{} {}", "1e999", "-", "Infinit", "NaNNaN", "{'a': 1}"}) {
    INFO(text);
    const Error error = error_of([&] { parse_json(text, "the place", ErrorCode::bad_config); });
    CHECK(error.code() == ErrorCode::bad_config);
    CHECK(error.place() == "the place");
    CHECK(says(error.sentence(), "JSON"));
  }
}

TEST_CASE("JSON that is wrong is told by line and column, in our own words") {
  const auto told = [](const char* text) { return error_of([&] { parse_json(text, "x"); }).sentence(); };
  CHECK(told("{\"a\": 1,}") ==
        "is no valid JSON: line 1, column 9: '}' where a value or name is missing: a comma too many?");
  CHECK(says(told("{\n  \"a\": 'b'\n}"), "line 2, column 8: single quotes"));
  CHECK(says(told("{\"a\": NaN, \"b\": NaN, x}"), "line 1, column 22: 'x' cannot stand here"));
  CHECK(says(told("{\"\xC3\xA4\": x}"), "line 1, column 7"));
  CHECK(says(told("{\"a\": \"b"), "line 1, column 9: the text ends too early"));
  CHECK(says(told("[\"a\nb\"]"), "line 1, column 4: a line break or control character"));
  CHECK(says(told("[1e999]"), "too large"));
  for (const char* text : {"{", "01", "\"\xff\"", "{} {}", "1e999"}) CHECK_FALSE(says(told(text), "exception"));
}

TEST_CASE("a zero byte does not end JSON quietly") {
  for (const std::string& text :
       {std::string("{}\0", 3), std::string("{}\0 and more", 12), std::string("\0", 1), std::string("\"a\0\"", 4)})
    CHECK(says(error_of([&] { parse_json(text, "x"); }).sentence(), "JSON"));
}

TEST_CASE("nesting is read to 64 levels and refused beyond") {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  CHECK_NOTHROW(parse_json(nested(64), "x"));
  CHECK(says(error_of([&] { parse_json(nested(65), "x"); }).sentence(), "64"));
  CHECK_THROWS_AS(parse_json(nested(1000000), "x"), Error);
}

TEST_CASE("of a key that stands twice the last is kept") { CHECK(parse_json(R"({"a":1,"a":2})", "x")["a"] == 2); }

TEST_CASE("a JSON file is read within a limit") {
  const TempFolder folder;
  CHECK(read_json_file(folder.write("good.json", "[1, 2]")) == Json({1, 2}));
  CHECK(error_of([&] { read_json_file(folder / "none.json"); }).code() == ErrorCode::not_found);
  CHECK(error_of([&] { read_json_file(folder.path()); }).code() == ErrorCode::bad_weights);
  const Error error = error_of([&] { read_json_file(folder / "good.json", 5); });
  CHECK(error.code() == ErrorCode::bad_weights);
  CHECK(says(error.place(), "good.json"));
  CHECK(says(error.sentence(), "6 bytes"));
}

TEST_CASE("dumping never throws, whatever bytes a string holds") {
  CHECK(dump_json(Json{{"a", "\xff\xfe"}}) == "{\"a\":\"\xEF\xBF\xBD\xEF\xBF\xBD\"}");
}
