#include "server/cli/request_options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/request_fields.h"

namespace alice {
namespace {

/// Whether all of `text` is a number that `out`'s type can hold.
template <class Number>
bool read_whole(const std::string& text, Number& out) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out);
  return result.ec == std::errc{} && result.ptr == end && std::isfinite(static_cast<double>(out));
}

/// `text` as a value of the type that `spec` wants; as text where it is none, so that the check can show it.
Json typed(const OptionSpec& spec, const std::string& text) {
  int64_t integer = 0;
  double number = 0;
  if (spec.type == OptionType::integer && read_whole(text, integer)) return integer;
  if (spec.type == OptionType::number && read_whole(text, number)) return number;
  if (spec.type == OptionType::boolean && (text == "true" || text == "false")) return text == "true";
  return text;
}

std::string with_dashes(std::string field) {
  std::replace(field.begin(), field.end(), '_', '-');
  return "--" + field;
}

}  // namespace

std::string option_of(const std::string& field) {
  if (field == "negative_prompt") return "--negative";
  if (field == "guidance_scale") return "--guidance";
  return with_dashes(field);
}

std::string spellings_of(const std::string& field) {
  const std::string option = option_of(field), in_full = with_dashes(field);
  const std::string letter = field == "prompt" ? "-p," : "";
  return letter + (option == in_full ? option : option + "," + in_full);
}

GenerateRequest read_request(const RequestTexts& texts, Faults& faults) {
  Json object = Json::object();
  for (const auto& [name, text] : texts) {
    OptionSpec spec = request_field(name).spec;
    spec.nullable = false;  // there is no word for null here: an option is left out instead
    const Json value = typed(spec, text);
    if (spec.check(value, option_of(name), faults)) object[name] = value;
  }
  return read_generate_options(object, UnknownKeys::fault, option_of, faults);
}

LoraUse read_lora_option(const std::string& text, Faults& faults) {
  const size_t colon = text.rfind(':');
  LoraUse lora;
  lora.name = text.substr(0, colon);
  if (lora.name.empty()) faults.add("--lora", "names no LoRA; write NAME or NAME:0.8");
  if (colon != text.npos && !read_whole(text.substr(colon + 1), lora.strength))
    faults.add("--lora", "must be NAME or NAME:STRENGTH with a number after the last colon, got '" + text + "'");
  return lora;
}

void read_scheduler_option(const std::string& text, Json& options, Faults& faults) {
  const size_t equals = text.find('=');
  const std::string key = text.substr(0, equals);
  if (equals == text.npos || key.empty())
    return faults.add("--scheduler-option", "must be KEY=VALUE, got '" + text + "'");
  if (options.contains(key)) return faults.add("--scheduler-option", "sets '" + key + "' twice");
  const std::string value = text.substr(equals + 1);
  const Json json = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  options[key] = json.is_discarded() ? Json(value) : json;
}

}  // namespace alice
