// What every factory says of its options, against what create() does with them.

#include <cmath>
#include <functional>
#include <set>

#include "core/base/plugin_kinds.h"
#include "sdk/check/check.h"
#include "sdk/check/creation.h"
#include "sdk/check/kinds.h"
#include "sdk/check/refusal.h"

namespace alice::check {
namespace {

constexpr const char* kPlace = "options";

OptionLayers layers_of(const Json& options, UnknownKeys unknown = UnknownKeys::fault) {
  return {{options, unknown, json_places(kPlace)}};
}

Json wrapped(const OptionSpec& spec, const Json& value) { return spec.is_list ? Json::array({value}) : value; }

std::string text_of(const std::string& name, const Json& value) { return name + " = " + dump_json(value); }

bool is_number(const OptionSpec& spec) { return spec.type == OptionType::integer || spec.type == OptionType::number; }

Json number_value(const OptionSpec& spec, double value) {
  return spec.type == OptionType::integer ? Json(static_cast<int64_t>(value)) : Json(value);
}

bool stands_alone(char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_'; }

bool names_word(const std::string& text, const std::string& word) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    if ((at == 0 || stands_alone(text[at - 1])) && (end == text.size() || stands_alone(text[end]))) return true;
  }
  return false;
}

/// Options may exclude or need each other; then the refusal names the other one.
bool names_another_option(const std::string& sentence, const OptionSpec& spec, const FactoryInfo& info) {
  for (const OptionSpec& other : info.options)
    if (other.name != spec.name && names_word(sentence, other.name)) return true;
  return false;
}

/// Values inside the range: at its quarters, or near the edge that it has.
std::vector<double> inner_values(const OptionSpec& spec) {
  const Range& range = spec.range;
  if (!std::isfinite(range.minimum)) return {range.maximum - 1};
  if (!std::isfinite(range.maximum)) return {range.minimum + 1};
  const double quarter = (range.maximum - range.minimum) / 4;
  return {range.minimum + quarter, range.minimum + 2 * quarter, range.minimum + 3 * quarter};
}

/// Some options are declared because files bear them, and take no value but the default; a refusal says so.
bool takes_other_values(const Create& create, const OptionSpec& spec) {
  for (const double value : inner_values(spec)) {
    const Json one = wrapped(spec, number_value(spec, value));
    if (one == spec.default_value) continue;
    if (!refusal([&] { create(layers_of({{spec.name, one}})); })) return true;
  }
  return false;
}

void try_edges(const Create& create, const OptionSpec& spec, const FactoryInfo& info) {
  for (const double edge : {spec.range.minimum, spec.range.maximum}) {
    if (!std::isfinite(edge)) continue;
    const Json value = wrapped(spec, number_value(spec, edge));
    const auto error = refusal([&] { create(layers_of({{spec.name, value}})); });
    if (error && !names_another_option(error->what(), spec, info) && takes_other_values(create, spec))
      fail(text_of(spec.name, value) + " is an edge of the declared range (" + spec.expected() +
           ") and was refused: " + error->what());
  }
}

void try_values(const Create& create, const OptionSpec& spec, const std::vector<Json>& values) {
  for (const Json& value : values) {
    const auto error = refusal([&] { create(layers_of({{spec.name, wrapped(spec, value)}})); });
    if (!error) continue;
    expect(error->code() == ErrorCode::bad_config || error->code() == ErrorCode::unsupported,
           text_of(spec.name, value) + " threw Error(" + to_string(error->code()) + "): " + error->what());
    expect(names_word(error->what(), spec.name),
           text_of(spec.name, value) + " was refused with a sentence that does not name it: " + error->what());
  }
}

std::string check_described(const Case& it) {
  const FactoryInfo& info = it.plugin.factory(it.subject).info();
  expect(!info.help.empty(), "the factory has no help");
  std::set<std::string> names;
  for (const OptionSpec& spec : info.options) {
    expect(!spec.name.empty(), "an option has no name");
    expect(names.insert(spec.name).second, "the option " + spec.name + " is declared twice");
    expect(!spec.help.empty(), "the option " + spec.name + " has no help");
    expect(spec.range.minimum <= spec.range.maximum, "the range of " + spec.name + " is empty");
    expect(spec.type != OptionType::choice || !spec.choices.empty(), "the option " + spec.name + " has no choices");
    const std::set<std::string> choices(spec.choices.begin(), spec.choices.end());
    expect(choices.size() == spec.choices.size(), "a choice of " + spec.name + " is declared twice");
  }
  return std::to_string(info.options.size()) + " options";
}

std::string check_defaults(const Case& it) {
  const Create create = creation(it);
  create({});
  Json all = Json::object();
  for (const OptionSpec& spec : it.plugin.factory(it.subject).info().options) {
    Faults faults;
    if (!spec.check(spec.default_value, kPlace, faults))
      fail("the default " + text_of(spec.name, spec.default_value) + " is not " + spec.expected());
    const auto error = refusal([&] { create(layers_of({{spec.name, spec.default_value}})); });
    if (error) fail("the default " + text_of(spec.name, spec.default_value) + " was refused: " + error->what());
    all[spec.name] = spec.default_value;
  }
  if (const auto error = refusal([&] { create(layers_of(all)); }))
    fail(std::string("all defaults together were refused: ") + error->what());
  return "";
}

std::string check_edges(const Case& it) {
  const Create create = creation(it);
  const FactoryInfo& info = it.plugin.factory(it.subject).info();
  for (const OptionSpec& spec : info.options) {
    if (is_number(spec)) try_edges(create, spec, info);
    if (spec.type == OptionType::boolean) try_values(create, spec, {true, false});
    if (spec.type == OptionType::choice) try_values(create, spec, {spec.choices.begin(), spec.choices.end()});
  }
  return "";
}

/// Next to the edge, and well beyond it.
std::vector<Json> values_beyond(const OptionSpec& spec) {
  std::vector<Json> values;
  const auto add = [&](double edge, double direction) {
    if (!std::isfinite(edge)) return;
    values.push_back(number_value(spec, edge + direction));
    if (spec.type == OptionType::number) values.push_back(std::nextafter(edge, direction * HUGE_VAL));
  };
  add(spec.range.minimum, -1);
  add(spec.range.maximum, 1);
  return values;
}

void expect_refused(const Create& create, const OptionSpec& spec, const Json& value) {
  const Error error =
      expect_refusal(ErrorCode::bad_config, text_of(spec.name, value) + ", which is not " + spec.expected() + ",", [&] {
        create(layers_of({{spec.name, value}}));
      });
  expect(
      std::string(error.what()).find(std::string(kPlace) + "/" + spec.name) != std::string::npos,
      text_of(spec.name, value) + " was refused without its place (" + kPlace + "/" + spec.name + "): " + error.what());
}

std::string check_beyond(const Case& it) {
  const Create create = creation(it);
  for (const OptionSpec& spec : it.plugin.factory(it.subject).info().options) {
    if (is_number(spec))
      for (const Json& value : values_beyond(spec)) expect_refused(create, spec, wrapped(spec, value));
    if (spec.type == OptionType::choice) expect_refused(create, spec, wrapped(spec, "no such choice"));
    expect_refused(create, spec, Json::object());  // of no option's type
  }
  return "";
}

std::string check_unknown(const Case& it) {
  constexpr const char* kName = "an_option_that_nobody_has";
  const Create create = creation(it);
  const Error error = expect_refusal(ErrorCode::bad_config, std::string("the unknown option ") + kName, [&] {
    create(layers_of({{kName, 1}}));
  });
  expect(std::string(error.what()).find(kName) != std::string::npos,
         std::string("the refusal does not name the unknown option: ") + error.what());
  const auto passed_over = refusal([&] { create(layers_of({{kName, 1}}, UnknownKeys::pass_over)); });
  if (passed_over)
    fail(std::string("a key of a model's own file, to be passed over, was refused: ") + passed_over->what());
  return "";
}

std::string check_aliases(const Case& it) {
  const Create create = creation(it);
  for (const Alias& alias : it.plugin.factory(it.subject).info().aliases)
    if (const auto error = refusal([&] { create(layers_of(alias.options)); }))
      fail("the options of the alias '" + alias.name + "' were refused: " + error->what());
  return "";
}

}  // namespace

std::vector<Check> option_checks() {
  const std::vector<std::string> factories = kinds_with_options();
  return {
      {"options/described", "The factory and each of its options have a help; names and choices are declared once.",
       "Complete the OptionTable, and FactoryInfo::help.", "", plugin_kind_names(),
       check_described},
      {"options/defaults-fit", "create() takes no options, each default, and all of them; a default lies in its range.",
       "Mend the initialiser of the option's field, or its range.", "model/recognised", factories, check_defaults},
      {"options/edges-accepted",
       "create() takes both edges of every range, or says which other option stands against it; a boolean or choice "
       "that cannot be had is refused with Error(bad_config) or Error(unsupported) that names the option.",
       "Declare the range that you accept: its edges belong to it.", "options/defaults-fit", factories, check_edges},
      {"options/beyond-refused",
       "A number beyond its range, a choice that is none and a value of another type are Error(bad_config) at the "
       "option's place.",
       "Read options with read_options(table, layers, ErrorCode::bad_config), which does all of that.",
       "options/defaults-fit", factories, check_beyond},
      {"options/unknown-refused",
       "An option that is not declared is Error(bad_config) that names it, and is passed over in a model's own file.",
       "Read options with read_options(); without any, call refuse_options().", "options/defaults-fit", factories,
       check_unknown},
      {"options/aliases-work", "create() takes the options of every alias.", "Mend FactoryInfo::aliases.",
       "options/defaults-fit", factories, check_aliases},
  };
}

}  // namespace alice::check
