#include "core/base/options.h"

#include <cmath>
#include <sstream>

#include "core/base/nearest.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

std::string shown(double value) {
  std::ostringstream out;
  out.precision(17);
  out << value;
  std::ostringstream brief;
  brief << value;
  return std::stod(brief.str()) == value ? brief.str() : out.str();
}

std::string shown(const Json& value) { return brief(dump_json(value), 80); }

bool is_number(const Json& value) {
  if (value.is_number()) return true;
  if (!value.is_string()) return false;
  const auto& word = value.get_ref<const std::string&>();
  return word == "Infinity" || word == "-Infinity" || word == "NaN";
}

bool is_integer(const Json& value) {
  if (value.is_number_unsigned())
    return value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return number == std::floor(number) && std::abs(number) < 9007199254740992.0;  // 2^53: exact in a double
}

bool fits(const OptionSpec& spec, const Json& value) {
  switch (spec.type) {
    case OptionType::boolean: return value.is_boolean();
    case OptionType::text: return value.is_string();
    case OptionType::choice:
      if (!value.is_string()) return false;
      for (const std::string& choice : spec.choices)
        if (choice == value.get_ref<const std::string&>()) return true;
      return false;
    case OptionType::integer: {
      if (!is_integer(value)) return false;
      const double number = static_cast<double>(detail::json_to_integer(value));
      return number >= spec.range.minimum && number <= spec.range.maximum;
    }
    case OptionType::number: {
      if (!is_number(value)) return false;
      const double number = detail::json_to_number(value);
      return number >= spec.range.minimum && number <= spec.range.maximum;  // false for NaN
    }
  }
  return false;
}

std::string plural(const OptionSpec& spec) {
  switch (spec.type) {
    case OptionType::boolean: return "booleans";
    case OptionType::integer: return "integers";
    case OptionType::number: return "numbers";
    case OptionType::text: return "strings";
    case OptionType::choice: return "choices";
  }
  return "values";
}

/// YAML 1.1 took these words for booleans; in YAML 1.2 and JSON they are text.
std::string boolean_meant(const std::string& word) {
  for (const char* yes : {"yes", "on", "true"})
    if (nearest(word, {yes}) == yes) return " (did you mean true, without quotes?)";
  for (const char* no : {"no", "off", "false"})
    if (nearest(word, {no}) == no) return " (did you mean false, without quotes?)";
  return "";
}

std::string bounds(const Range& range) {
  const bool low = std::isfinite(range.minimum), high = std::isfinite(range.maximum);
  if (low && high) return " from " + shown(range.minimum) + " to " + shown(range.maximum);
  if (low) return " of at least " + shown(range.minimum);
  if (high) return " of at most " + shown(range.maximum);
  return "";
}

}  // namespace

const char* to_string(OptionType type) {
  switch (type) {
    case OptionType::boolean: return "boolean";
    case OptionType::integer: return "integer";
    case OptionType::number: return "number";
    case OptionType::text: return "text";
    case OptionType::choice: return "choice";
  }
  return "text";
}

Json OptionSpec::to_json() const {
  Json out = {{"name", name}, {"type", to_string(type)}, {"help", help}, {"default", default_value}};
  if (is_list) out["list"] = true;
  if (nullable) out["nullable"] = true;
  if (!unit.empty()) out["unit"] = unit;
  if (std::isfinite(range.minimum)) out["minimum"] = range.minimum;
  if (std::isfinite(range.maximum)) out["maximum"] = range.maximum;
  if (!choices.empty()) out["choices"] = choices;
  return out;
}

std::string OptionSpec::expected() const {
  std::string text;
  if (is_list) {
    text = "a list of " + plural(*this) + bounds(range);
  } else {
    switch (type) {
      case OptionType::boolean: text = "true or false"; break;
      case OptionType::integer: text = "an integer" + bounds(range); break;
      case OptionType::number: text = "a number" + bounds(range); break;
      case OptionType::text: text = "a string"; break;
      case OptionType::choice:
        text = "one of ";
        for (size_t i = 0; i < choices.size(); ++i) text += (i ? ", " : "") + choices[i];
        break;
    }
  }
  if (!unit.empty()) text += " (" + unit + ")";
  return nullable ? text + ", or null" : text;
}

bool OptionSpec::check(const Json& value, const std::string& place, Faults& faults) const {
  if (nullable && value.is_null()) return true;
  bool good = false;
  if (is_list) {
    good = value.is_array();
    for (const Json& element : value) good = good && fits(*this, element);
  } else {
    good = fits(*this, value);
  }
  if (good) return true;
  std::string sentence = "must be " + expected() + ", got " + shown(value);
  if (type == OptionType::choice && value.is_string())
    if (const std::string near = nearest(value.get_ref<const std::string&>(), choices); !near.empty())
      sentence += " (did you mean '" + near + "'?)";
  if (type == OptionType::boolean && value.is_string()) sentence += boolean_meant(value.get_ref<const std::string&>());
  faults.add(place, sentence);
  return false;
}

PlaceOf json_places(std::string prefix) {
  return [prefix = std::move(prefix)](const std::string& name) {
    std::string place = prefix + "/";
    for (const char c : name) c == '~' ? place += "~0" : c == '/' ? place += "~1" : place += c;
    return place;
  };
}

namespace detail {

double json_to_number(const Json& value) {
  if (value.is_number()) return value.get<double>();
  const auto& word = value.get_ref<const std::string&>();
  if (word == "Infinity") return std::numeric_limits<double>::infinity();
  if (word == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

int64_t json_to_integer(const Json& value) {
  return value.is_number_float() ? static_cast<int64_t>(value.get<double>()) : value.get<int64_t>();
}

Json number_to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

void check_unknown(const Json& object, const std::vector<OptionSpec>& specs, const PlaceOf& place, Faults& faults) {
  std::vector<std::string> names;
  for (const OptionSpec& spec : specs) names.push_back(spec.name);
  for (const auto& member : object.items()) {
    bool known = false;
    for (const std::string& name : names) known = known || name == member.key();
    if (!known)
      faults.add(place(member.key()),
                 "'" + member.key() + "' is not an option here" + did_you_mean(member.key(), names));
  }
}

bool check_is_object(const Json& object, const PlaceOf& place, Faults& faults) {
  if (object.is_object()) return true;
  std::string where = place("");
  if (!where.empty() && where.back() == '/') where.pop_back();
  faults.add(where, "must be an object with named members, got " + shown(object));
  return false;
}

}  // namespace detail
}  // namespace alice
