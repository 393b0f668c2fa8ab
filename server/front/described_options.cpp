#include "server/front/described_options.h"

#include <optional>

namespace alice {
namespace {

std::optional<OptionType> type_called(const std::string& word) {
  for (const OptionType type :
       {OptionType::boolean, OptionType::integer, OptionType::number, OptionType::text, OptionType::choice})
    if (word == to_string(type)) return type;
  return std::nullopt;
}

OptionSpec read_option_spec(const Json& described, OptionType type) {
  OptionSpec spec;
  spec.name = described.at("name").get<std::string>();
  spec.type = type;
  spec.is_list = described.value("list", false);
  spec.nullable = described.value("nullable", false);
  spec.help = described.value("help", "");
  spec.unit = described.value("unit", "");
  spec.range.minimum = described.value("minimum", spec.range.minimum);
  spec.range.maximum = described.value("maximum", spec.range.maximum);
  spec.choices = described.value("choices", spec.choices);
  spec.default_value = described.value("default", Json());
  return spec;
}

}  // namespace

std::vector<OptionSpec> read_option_specs(const Json& list) {
  std::vector<OptionSpec> specs;
  for (const Json& described : list) {
    const auto type = described.is_object() ? type_called(described.value("type", "")) : std::nullopt;
    if (type && described.contains("name")) specs.push_back(read_option_spec(described, *type));
  }
  return specs;
}

}  // namespace alice
