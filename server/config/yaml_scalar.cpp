#include "server/config/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace alice {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_of(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

size_t count_digits(std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); }

/// [0-9]+ (. [0-9]*)? or . [0-9]+, then ([eE] [-+]? [0-9]+)?
bool is_decimal(std::string_view text) {
  const size_t whole = count_digits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    fraction = count_digits(text.substr(1));
    text.remove_prefix(1 + fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return all_of(text, "0123456789");
}

/// A checked number, its sign included, as `Number`. One beyond its range stays text, so that it is refused by what
/// stands there.
template <class Number, class... Base>
Json read_number(std::string_view number, std::string_view whole, Base... base) {
  Number value = 0;
  const auto end = std::from_chars(number.data(), number.data() + number.size(), value, base...);
  return end.ec == std::errc{} ? Json(value) : Json(std::string(whole));
}

}  // namespace

Json read_yaml_scalar(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return "NaN";
  const std::string_view rest = text.substr(std::min<size_t>(text.size(), 2));
  if (text.substr(0, 2) == "0o" && all_of(rest, "01234567")) return read_number<int64_t>(rest, text, 8);
  if (text.substr(0, 2) == "0x" && all_of(rest, "0123456789abcdefABCDEF")) return read_number<int64_t>(rest, text, 16);
  const std::string_view number = text[0] == '+' ? text.substr(1) : text;  // from_chars knows no plus sign
  const std::string_view magnitude = text[0] == '-' ? text.substr(1) : number;
  if (is_one_of(magnitude, {".inf", ".Inf", ".INF"})) return text[0] == '-' ? "-Infinity" : "Infinity";
  if (all_of(magnitude, "0123456789")) return read_number<int64_t>(number, text);
  if (is_decimal(magnitude)) return read_number<double>(number, text);
  return std::string(text);
}

}  // namespace alice
