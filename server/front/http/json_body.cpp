#include "server/front/http/json_body.h"

#include <algorithm>
#include <string_view>

#include "core/base/text.h"
#include "server/front/http/api_error.h"

namespace alice {
namespace {

constexpr size_t kMostValues = 10'000;

ApiError bad(const std::string& message) { return {400, to_string(ErrorCode::bad_request), message}; }

/// Whether what begins at `at` is the value of one of these members: "name" and ':' stand before it.
bool is_value_of(const std::string& text, size_t at, const std::vector<std::string>& members) {
  constexpr const char* kBlank = " \t\r\n";
  size_t before = at == 0 ? text.npos : text.find_last_not_of(kBlank, at - 1);
  if (before == text.npos || before == 0 || text[before] != ':') return false;
  before = text.find_last_not_of(kBlank, before - 1);
  if (before == text.npos) return false;
  const std::string_view name(text.data(), before + 1);
  return std::any_of(members.begin(), members.end(),
                     [&](const std::string& member) { return ends_with(name, "\"" + member + "\""); });
}

/// The end of the string that begins at `at` with its quote. Throws when it is too long.
size_t end_of_string(const std::string& text, size_t at, bool may_be_long) {
  const size_t longest = may_be_long ? text.size() : kLongestString;
  size_t end = at + 1;
  for (; end < text.size() && text[end] != '"'; ++end) {
    if (text[end] == '\\') ++end;
    if (end - at > longest)
      throw bad("the string at byte " + std::to_string(at) +
                " of the body has more than 600,000 bytes; no field takes so many");
  }
  return end;
}

/// What would cost much for nothing is refused before it is read as JSON.
void check_cost(const std::string& text, const std::vector<std::string>& long_fields) {
  size_t values = 1;
  bool in_long_list = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '[') in_long_list = is_value_of(text, i, long_fields);
    if (c == ']') in_long_list = false;
    if (c == '"') i = end_of_string(text, i, in_long_list || is_value_of(text, i, long_fields));
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
