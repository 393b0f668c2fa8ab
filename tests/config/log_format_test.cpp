#include "server/log_format.h"

#include <spdlog/details/log_msg.h>

#include <chrono>

#include "core/base/json.h"
#include "tests/support/catch.h"

using namespace alice;

namespace {

std::string line_of(const std::unique_ptr<spdlog::formatter>& formatter, const std::string& text) {
  const auto time = std::chrono::system_clock::from_time_t(1700000000) + std::chrono::milliseconds(7);
  const spdlog::details::log_msg message(time, {}, "alice", spdlog::level::info, text);
  spdlog::memory_buf_t out;
  formatter->format(message, out);
  return std::string(out.data(), out.size());
}

size_t lines_in(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

}  // namespace

TEST_CASE("a JSON line has the time in UTC, the level, the message, and the ids that stand before it") {
  const Json line = Json::parse(line_of(make_json_formatter(), "job=0192ab request=r-1 begun: a=b c"));
  CHECK(line == Json{{"time", "2023-11-14T22:13:20.007Z"},
                     {"level", "info"},
                     {"job", "0192ab"},
                     {"request", "r-1"},
                     {"message", "begun: a=b c"}});
}

TEST_CASE("a text line is the message as it is") {
  const std::string text = "job=0192ab a \"quoted\" back\\slash, \xc3\xa4";
  const std::string line = line_of(make_text_formatter(), text), end = ".007 info " + text + "\n";
  REQUIRE(line.size() > end.size());
  CHECK(line.substr(line.size() - end.size()) == end);
}

TEST_CASE("whatever a message holds, it is one line, and JSON stays JSON") {
  for (const std::string& text :
       {std::string("a\nforged 2026 error b"), std::string("a\r\nb"), std::string("\x1b[31m"), std::string(1, '\0'),
        std::string("\xff\xfe"), std::string("a\xe2\x80\xa8") + "b", std::string("job="), std::string("job=1"),
        std::string("request= "), std::string("=\" ")}) {
    INFO(text);
    const std::string plain = line_of(make_text_formatter(), text), json = line_of(make_json_formatter(), text);
    CHECK(lines_in(plain) == 1);
    CHECK(lines_in(json) == 1);
    CHECK(plain.find_first_of(std::string("\r\x1b\0", 3)) == plain.npos);
    CHECK(plain.find("\xe2\x80\xa8") == plain.npos);
    CHECK(Json::parse(json).is_object());
  }
}
