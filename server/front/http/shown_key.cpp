#include "server/front/http/shown_key.h"

#include <algorithm>

#include "server/front/http/base64.h"

namespace alice {
namespace {

std::string word_or_none(std::string_view text) {
  const std::string_view word = trimmed(text);
  return word == "undefined" ? "" : std::string(word);
}

/// The password of "name:password"; a text without a colon is one.
std::string of_basic(std::string_view encoded) {
  const std::string pair = from_base64(encoded).value_or("");
  const size_t colon = pair.find(':');
  return word_or_none(colon == pair.npos ? pair : pair.substr(colon + 1));
}

std::string of_authorization(const std::string& field) {
  const size_t blank = std::min(field.find(' '), field.size());
  const std::string scheme = field.substr(0, blank), rest = field.substr(blank);
  if (same_ignoring_case(scheme, "Bearer")) return word_or_none(rest);
  return same_ignoring_case(scheme, "Basic") ? of_basic(trimmed(rest)) : "";
}

}  // namespace

std::optional<std::string> shown_key(const HttpRequest& request) {
  const auto field = [&](const char* name) {
    const std::string* value = request.header(name);
    return value == nullptr ? std::string() : *value;
  };
  for (std::string key : {word_or_none(field("X-Admin-Key")),
                          of_authorization(std::string(trimmed(field("Authorization")))),
                          word_or_none(field("X-Api-Key")), word_or_none(request.path_key)})
    if (!key.empty()) return key;
  return std::nullopt;
}

bool is_browsers_basic(const HttpRequest& request) {
  const std::string* authorization = request.header("Authorization");
  if (authorization == nullptr || !same_ignoring_case(authorization->substr(0, 5), "Basic")) return false;
  for (const char* field : {"Origin", "Sec-Fetch-Site", "Referer"})
    if (request.header(field) != nullptr) return true;
  const std::string* agent = request.header("User-Agent");
  return agent != nullptr && agent->rfind("Mozilla/", 0) == 0;
}

}  // namespace alice
