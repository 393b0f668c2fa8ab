#include "core/base/json.h"

#include <array>

#include "core/base/foreign_file.h"
#include "core/base/regular_file.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr int kDeepest = 64;
constexpr std::array<std::string_view, 3> kPythonWords = {"-Infinity", "Infinity", "NaN"};

/// Puts quotes around Python's words for non-finite numbers. Refuses nesting that could exhaust the stack, and zero
/// bytes, which the parser takes for the end of the text.
std::string quote_python_words(std::string_view text, const std::string& place, ErrorCode code) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\0') throw Error(code, place, "is no valid JSON: it has a zero byte");
    if (in_string) {
      out += c;
      if (c == '\\' && i + 1 < text.size())
        out += text[++i];
      else if (c == '"')
        in_string = false;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth > kDeepest) throw Error(code, place, "JSON nested deeper than " + std::to_string(kDeepest) + " levels");
    bool word_found = false;
    for (std::string_view word : kPythonWords) {
      if (text.substr(i, word.size()) != word) continue;
      out.append("\"").append(word).append("\"");
      i += word.size() - 1;
      word_found = true;
      break;
    }
    if (word_found) continue;
    in_string = c == '"';
    out += c;
  }
  return out;
}

}  // namespace

Json parse_json(std::string_view text, const std::string& place, ErrorCode code) {
  try {
    return Json::parse(quote_python_words(text, place, code));
  } catch (const Json::exception& e) {
    throw Error(code, place, "is no valid JSON: " + brief(e.what()));
  }
}

Json read_json_file(const std::filesystem::path& file, size_t limit_bytes) {
  const std::string text = read_regular_file(file, limit_bytes);
  const std::string known = called_what_it_is(text, text.size());
  if (!known.empty()) throw Error(ErrorCode::bad_weights, file.string(), known);
  return parse_json(text, file.string());
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace alice
