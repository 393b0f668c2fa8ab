#include "core/base/json.h"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/foreign_file.h"
#include "core/base/regular_file.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr int kDeepest = 64;
constexpr std::array<std::string_view, 3> kPythonWords = {"-Infinity", "Infinity", "NaN"};

/// A text with quotes around Python's words.
struct Quoted {
  std::string text;
  std::vector<size_t> added;  ///< where in `text` a quote stands that was not there
};

/// Puts quotes around Python's words for non-finite numbers. Refuses nesting that could exhaust the stack, and zero
/// bytes, which the parser takes for the end of the text.
Quoted quote_python_words(std::string_view text, const std::string& place, ErrorCode code) {
  Quoted quoted;
  std::string& out = quoted.text;
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
      quoted.added.push_back(out.size());
      quoted.added.push_back(out.size() + 1 + word.size());
      out.append("\"").append(word).append("\"");
      i += word.size() - 1;
      word_found = true;
      break;
    }
    if (word_found) continue;
    in_string = c == '"';
    out += c;
  }
  return quoted;
}

/// "line 3, column 7" of the byte at `at`, both from 1; a character of several bytes is one column.
std::string line_and_column(std::string_view text, size_t at) {
  const std::string_view before = text.substr(0, at);
  const size_t line = 1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n'));
  const size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto column = 1 + std::count_if(before.begin() + static_cast<long>(start), before.end(), begins_character);
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// What stands at `at`, where the parser could not go on.
std::string what_stands_at(std::string_view text, size_t at) {
  if (at >= text.size()) return "the text ends too early: a quote or bracket is not closed";
  const auto c = static_cast<unsigned char>(text[at]);
  if (c >= 0x80) return "a byte that is no UTF-8, or a character outside quotes";
  if (c < 0x20) return "a line break or control character within a string: it is written with a backslash";
  if (c == '\'') return "single quotes: JSON has double ones";
  if (c == '}' || c == ']')
    return std::string("'") + text[at] + "' where a value or name is missing: a comma too many?";
  return std::string("'") + text[at] + "' cannot stand here";
}

/// The parser's own words name its classes.
std::string fault_of(std::string_view text, const Quoted& quoted, size_t bytes_read) {
  size_t at = bytes_read == 0 ? 0 : bytes_read - 1;
  const auto before = std::count_if(quoted.added.begin(), quoted.added.end(), [&](size_t added) { return added < at; });
  at -= static_cast<size_t>(before);
  return line_and_column(text, std::min(at, text.size())) + ": " + what_stands_at(text, at);
}

}  // namespace

Json parse_json(std::string_view text, const std::string& place, ErrorCode code) {
  const Quoted quoted = quote_python_words(text, place, code);
  try {
    return Json::parse(quoted.text);
  } catch (const Json::parse_error& e) {
    throw Error(code, place, "is no valid JSON: " + fault_of(text, quoted, e.byte));
  } catch (const Json::exception&) {
    throw Error(code, place, "is no valid JSON: it has a number that is too large");
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
