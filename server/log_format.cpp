#include "server/log_format.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/details/os.h>

#include <array>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <string>

#include "core/base/json.h"
#include "core/base/one_line.h"

namespace alice {
namespace {

std::string_view view(spdlog::string_view_t text) { return {text.data(), text.size()}; }

/// The names that may stand in front of a message.
constexpr std::array<std::string_view, 3> kFields = {"job", "request", "worker"};

struct Time {
  std::tm parts;
  int milliseconds;
};

Time time_of(const spdlog::details::log_msg& message, bool utc) {
  using namespace std::chrono;
  const std::time_t seconds = system_clock::to_time_t(message.time);
  const auto since = duration_cast<milliseconds>(message.time.time_since_epoch()).count();
  return {utc ? spdlog::details::os::gmtime(seconds) : spdlog::details::os::localtime(seconds),
          static_cast<int>(since % 1000)};
}

std::string written(const Time& time, const char* form) {
  std::array<char, 40> text;
  const std::tm& t = time.parts;
  const int length = std::snprintf(text.data(), text.size(), form, t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                                   t.tm_min, t.tm_sec, time.milliseconds);
  return {text.data(), static_cast<size_t>(length)};
}

class TextFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string line = written(time_of(message, false), "%04d-%02d-%02d %02d:%02d:%02d.%03d ") +
                             std::string(view(spdlog::level::to_string_view(message.level))) + " " +
                             on_one_line(view(message.payload)) + "\n";
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<TextFormatter>(); }
};

/// Takes "name=value " off the front of `text` when `name` is one of kFields.
bool take_field(std::string_view& text, Json& line) {
  const size_t equals = text.find('='), blank = text.find(' ');
  if (equals == text.npos || blank == text.npos || blank < equals) return false;
  for (const std::string_view field : kFields) {
    if (text.substr(0, equals) != field) continue;
    line[std::string(field)] = std::string(text.substr(equals + 1, blank - equals - 1));
    text.remove_prefix(blank + 1);
    return true;
  }
  return false;
}

class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    Json line = {{"time", written(time_of(message, true), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ")},
                 {"level", std::string(view(spdlog::level::to_string_view(message.level)))}};
    std::string_view text = view(message.payload);
    while (take_field(text, line)) {
    }
    line["message"] = std::string(text);
    const std::string written_line = on_one_line(dump_json(line)) + "\n";
    out.append(written_line.data(), written_line.data() + written_line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

}  // namespace

std::unique_ptr<spdlog::formatter> make_text_formatter() { return std::make_unique<TextFormatter>(); }
std::unique_ptr<spdlog::formatter> make_json_formatter() { return std::make_unique<JsonFormatter>(); }

}  // namespace alice
