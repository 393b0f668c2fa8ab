#include "server/front/http/json_body.h"

#include <algorithm>
#include <string_view>

#include "server/front/http/api_error.h"

namespace alice {
namespace {

constexpr size_t kMostValues = 10'000;

ApiError bad(const std::string& message) { return {400, to_string(ErrorCode::bad_request), message}; }

/// Of the string that begins at `at`: the place of its closing quote, or the text's end.
size_t end_of_string(const std::string& text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return std::min(end, text.size());
}

bool is_name(const std::string& text, size_t end) {
  const size_t next = text.find_first_not_of(" \t\r\n", end + 1);
  return next != text.npos && text[next] == ':';
}

/// What would cost much for nothing is refused before it is read as JSON.
void check_cost(const std::string& text, const std::vector<std::string>& long_fields) {
  size_t values = 1;
  bool may_be_long = false;  // a value, or one in a list that is: by the name that was read last
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const size_t begin = i + 1, end = end_of_string(text, i);
      const bool names = is_name(text, end);
      if (end - begin > kLongestString && (names || !may_be_long))
        throw bad("the string at byte " + std::to_string(i) +
                  " of the body has more than 600,000 bytes; no field takes so many");
      if (names)
        may_be_long = std::find(long_fields.begin(), long_fields.end(),
                                std::string_view(text).substr(begin, end - begin)) != long_fields.end();
      i = end;
    }
    if (c == ',' || c == '[' || c == '{') ++values;
    if (values > kMostValues) throw bad("the body has more than " + std::to_string(kMostValues) + " values");
  }
}

}  // namespace

Json read_json_body(const std::string& text, const std::vector<std::string>& long_fields) {
  if (text.empty()) throw bad("the body is empty; it must be a JSON object");
  check_cost(text, long_fields);
  Json body;
  try {
    body = parse_json(text, "", ErrorCode::bad_request);
  } catch (const Error& error) {
    throw bad("the body " + error.sentence());
  }
  if (!body.is_object()) throw bad("the body must be a JSON object");
  return body;
}

}  // namespace alice
