#include "server/front/http/json_body.h"

#include "server/front/http/api_error.h"

namespace alice {
namespace {

constexpr size_t kMostValues = 10'000;
/// Bytes of a string as it stands in the body: the longest field has 100,000, each of which may be an escape of six.
constexpr size_t kLongestString = 600'000;

ApiError bad(const std::string& message) { return {400, to_string(ErrorCode::bad_request), message}; }

/// The end of the string that begins at `at` with its quote. Throws when it is too long.
size_t end_of_string(const std::string& text, size_t at) {
  size_t end = at + 1;
  for (; end < text.size() && text[end] != '"'; ++end) {
    if (text[end] == '\\') ++end;
    if (end - at > kLongestString)
      throw bad("the string at byte " + std::to_string(at) +
                " of the body has more than 600,000 bytes; no field takes so many");
  }
  return end;
}

/// What would cost much for nothing is refused before it is read as JSON.
void check_cost(const std::string& text) {
  size_t values = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') i = end_of_string(text, i);
    if (c == ',' || c == '[' || c == '{') ++values;
    if (values > kMostValues) throw bad("the body has more than " + std::to_string(kMostValues) + " values");
  }
}

}  // namespace

Json read_json_body(const std::string& text) {
  if (text.empty()) throw bad("the body is empty; it must be a JSON object");
  check_cost(text);
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
