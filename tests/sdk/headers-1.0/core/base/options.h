#pragma once
// Options declared once. A plugin (or a request, or a config section) lists its options in one table; that table checks
// and reads JSON, and describes the options to config checks, the REST description, forms and docs.
//
//   struct EulerOptions { double s_churn = 0; Spacing timestep_spacing = Spacing::linspace; };
//   const OptionTable<EulerOptions>& table() {
//     static const auto t = OptionTable<EulerOptions>()
//         .number("s_churn", &EulerOptions::s_churn, {0, 1e3}, "extra noise a step (Karras et al. 2022, Algorithm 2)")
//         .choice("timestep_spacing", &EulerOptions::timestep_spacing, kSpacings, "how steps are spread over time");
//     return t;
//   }
// The default is the field's initialiser. A field of type std::optional<...> also takes null, which means absent.

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/json.h"

namespace alice {

enum class OptionType { boolean, integer, number, text, choice };
const char* to_string(OptionType type);

/// Inclusive bounds.
struct Range {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
};

/// What is known of one option without the type that it fills.
struct OptionSpec {
  std::string name;
  OptionType type = OptionType::text;
  bool is_list = false;   ///< a JSON array of `type`
  bool nullable = false;  ///< null is allowed and means absent; every list is (null: empty)
  std::string help;
  std::string unit;  ///< "" for pure numbers
  Range range;       ///< of numbers and integers (of each element, in a list)
  std::vector<std::string> choices;
  Json default_value;

  /// {"name","type","list","nullable","help","unit","minimum","maximum","choices","default"}; what does not apply is
  /// left out.
  Json to_json() const;
  /// "a number from 0 to 1", "one of linspace, leading, trailing", "a list of integers from 1 to 5".
  std::string expected() const;
  /// Adds a fault at `place` and returns false when `value` does not fit. Integral numbers such as 2.0 pass as
  /// integers; "Infinity", "-Infinity" and "NaN" (see parse_json) pass as numbers where the range has room for them.
  bool check(const Json& value, const std::string& place, Faults& faults) const;
};

/// Where a member of an options object stands, for messages: "config.yaml:14:7", "/steps". Given the member's name.
using PlaceOf = std::function<std::string(const std::string& name)>;
/// The usual one, a JSON pointer (RFC 6901): prefix + "/" + name, with ~ and / in the name as ~0 and ~1.
PlaceOf json_places(std::string prefix);

/// What to do with a member that no option bears.
enum class UnknownKeys {
  fault,      ///< config.yaml and requests: an error with "did you mean"
  pass_over,  ///< a model's own files, which carry other classes' keys
};

namespace detail {
double json_to_number(const Json& value);    // a checked number option
int64_t json_to_integer(const Json& value);  // a checked integer option
Json number_to_json(double value);           // non-finite as parse_json's words
void check_unknown(const Json& object, const std::vector<OptionSpec>& specs, const PlaceOf& place, Faults& faults);
bool check_is_object(const Json& object, const PlaceOf& place, Faults& faults);

template <class F>
struct FieldTraits {
  using Value = F;
  static constexpr bool optional = false, list = false;
};
template <class F>
struct FieldTraits<std::optional<F>> {
  using Value = F;
  static constexpr bool optional = true, list = false;
};
template <class F>
struct FieldTraits<std::vector<F>> {
  using Value = F;
  static constexpr bool optional = false, list = true;
};
}  // namespace detail

template <class E>
using Choices = std::vector<std::pair<std::string, E>>;

/// The options of T. Build it once (it is immutable afterwards and may be used from any thread).
template <class T>
class OptionTable {
 public:
  /// Field: bool, or std::optional<bool>.
  template <class B, class F>
  OptionTable& boolean(std::string name, F B::*field, std::string help) {
    return add(
        field, spec(std::move(name), OptionType::boolean, {}, std::move(help), ""),
        [](const Json& v) { return v.get<bool>(); }, [](bool v) { return Json(v); });
  }
  /// Field: an integer type, or an optional or vector of one.
  template <class B, class F>
  OptionTable& integer(std::string name, F B::*field, Range range, std::string help, std::string unit = "") {
    using V = typename detail::FieldTraits<F>::Value;
    return add(
        field, spec(std::move(name), OptionType::integer, range, std::move(help), std::move(unit)),
        [](const Json& v) { return static_cast<V>(detail::json_to_integer(v)); }, [](V v) { return Json(v); });
  }
  /// Field: double, or an optional or vector of it.
  template <class B, class F>
  OptionTable& number(std::string name, F B::*field, Range range, std::string help, std::string unit = "") {
    return add(
        field, spec(std::move(name), OptionType::number, range, std::move(help), std::move(unit)),
        [](const Json& v) { return detail::json_to_number(v); }, [](double v) { return detail::number_to_json(v); });
  }
  /// Field: std::string, or an optional or vector of it.
  template <class B, class F>
  OptionTable& text(std::string name, F B::*field, std::string help) {
    return add(
        field, spec(std::move(name), OptionType::text, {}, std::move(help), ""),
        [](const Json& v) { return v.get<std::string>(); }, [](const std::string& v) { return Json(v); });
  }
  /// Field: an enum, or an optional of one.
  template <class B, class F>
  OptionTable& choice(std::string name, F B::*field, Choices<typename detail::FieldTraits<F>::Value> choices,
                      std::string help) {
    using V = typename detail::FieldTraits<F>::Value;
    OptionSpec s = spec(std::move(name), OptionType::choice, {}, std::move(help), "");
    for (const auto& c : choices) s.choices.push_back(c.first);
    auto from = [choices](const Json& v) {
      for (const auto& c : choices)
        if (c.first == v.get_ref<const std::string&>()) return c.second;
      return V{};  // not reached: check() has compared the names
    };
    auto to = [choices](V v) {
      for (const auto& c : choices)
        if (c.second == v) return Json(c.first);
      return Json(nullptr);
    };
    return add(field, std::move(s), std::move(from), std::move(to));
  }

  const std::vector<OptionSpec>& specs() const { return specs_; }

  /// Reads `object` over the defaults. null is an empty object. Every fault is added to `faults`; a member with a fault
  /// keeps its default, so the result is always valid.
  T read(const Json& object, UnknownKeys unknown, const PlaceOf& place, Faults& faults) const {
    T result{};
    read_into(result, object, unknown, place, faults);
    return result;
  }
  /// The same over the present values of `result`.
  void read_into(T& result, const Json& object, UnknownKeys unknown, const PlaceOf& place, Faults& faults) const {
    if (object.is_null() || !detail::check_is_object(object, place, faults)) return;
    if (unknown == UnknownKeys::fault) detail::check_unknown(object, specs_, place, faults);
    for (size_t i = 0; i < specs_.size(); ++i) {
      const auto found = object.find(specs_[i].name);
      if (found == object.end()) continue;
      if (specs_[i].check(*found, place(specs_[i].name), faults)) assign_[i](result, *found);
    }
  }
  /// Every option with its value in `options`.
  Json write(const T& options) const {
    Json out = Json::object();
    for (size_t i = 0; i < specs_.size(); ++i) out[specs_[i].name] = value_of_[i](options);
    return out;
  }

 private:
  static OptionSpec spec(std::string name, OptionType type, Range range, std::string help, std::string unit) {
    OptionSpec s;
    s.name = std::move(name), s.type = type, s.range = range, s.help = std::move(help), s.unit = std::move(unit);
    return s;
  }

  template <class B, class F, class From, class To>
  OptionTable& add(F B::*field, OptionSpec s, From from, To to) {
    using Traits = detail::FieldTraits<F>;
    s.is_list = Traits::list;
    s.nullable = Traits::optional || Traits::list;
    assign_.push_back([field, from](T& t, const Json& v) {
      F& f = t.*field;
      if constexpr (Traits::optional) {
        if (v.is_null())
          f.reset();
        else
          f = from(v);
      } else if constexpr (Traits::list) {
        f.clear();
        for (const Json& element : v) f.push_back(from(element));
      } else {
        f = from(v);
      }
    });
    value_of_.push_back([field, to](const T& t) -> Json {
      const F& f = t.*field;
      if constexpr (Traits::optional) {
        return f.has_value() ? to(*f) : Json(nullptr);
      } else if constexpr (Traits::list) {
        Json list = Json::array();
        for (const auto& element : f) list.push_back(to(element));
        return list;
      } else {
        return to(f);
      }
    });
    s.default_value = value_of_.back()(T{});
    specs_.push_back(std::move(s));
    return *this;
  }

  std::vector<OptionSpec> specs_;
  std::vector<std::function<void(T&, const Json&)>> assign_;
  std::vector<std::function<Json(const T&)>> value_of_;
};

}  // namespace alice
