#include "server/front/http/json_body.h"

#include "server/front/http/api_error.h"

namespace alice {
namespace {

constexpr size_t kMostValues = 10'000;

/// At least the number of values in `text`, without reading it as JSON.
size_t count_values(const std::string& text) {
  size_t values = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == ',' || c == '[' || c == '{'))
      ++values;
  }
  return values;
}

}  // namespace

Json read_json_body(const std::string& text) {
  const auto bad = [](const std::string& message) { return ApiError(400, to_string(ErrorCode::bad_request), message); };
  if (text.empty()) throw bad("the body is empty; it must be a JSON object");
  if (count_values(text) > kMostValues) throw bad("the body has more than " + std::to_string(kMostValues) + " values");
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
