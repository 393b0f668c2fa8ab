// Reads what write_infotext() writes, and what AUTOMATIC1111's web UI does: its modules/infotext_utils.py says how that
// reads them, which is what other programs follow.

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "core/base/infotext.h"
#include "core/base/lora_tags.h"
#include "core/base/request_fields.h"
#include "core/base/text.h"

namespace alice {
namespace {

using Pairs = std::map<std::string, std::string>;

constexpr const char* kNegative = "Negative prompt:";

std::string stripped(const std::string& text) {
  constexpr const char* kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks), end = text.find_last_not_of(kBlanks);
  return begin == text.npos ? "" : text.substr(begin, end - begin + 1);
}

/// A quoted value is a JSON string.
std::string unquoted(const std::string& value) {
  if (value.size() < 2 || value.front() != '"') return value;
  const Json text = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  return text.is_string() ? text.get<std::string>() : value;
}

bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == ' ' || c == '-' || c == '/';
  });
}

/// Where the value that begins at `begin` ends: at a comma that stands in no quotes.
size_t end_of_value(const std::string& line, size_t begin) {
  if (begin >= line.size() || line[begin] != '"') return std::min(line.find(',', begin), line.size());
  for (size_t at = begin + 1; at < line.size(); ++at) {
    if (line[at] == '\\')
      ++at;
    else if (line[at] == '"')
      return at + 1;
  }
  return line.size();
}

/// "Name: value, Name: value"; what is no pair is passed over.
Pairs pairs_in(const std::string& line) {
  Pairs pairs;
  for (size_t at = 0; at < line.size();) {
    const size_t colon = line.find(':', at);
    if (colon == line.npos) break;
    const std::string name = stripped(line.substr(at, colon - at));
    const size_t begin = std::min(line.find_first_not_of(' ', colon + 1), line.size());
    const size_t end = end_of_value(line, begin);
    if (is_name(name)) pairs[name] = unquoted(stripped(line.substr(begin, end - begin)));
    at = std::min(line.find(',', end), line.size() - 1) + 1;
  }
  return pairs;
}

std::string take(Pairs& pairs, const std::string& name) {
  const auto found = pairs.find(name);
  return found == pairs.end() ? "" : found->second;
}

/// A number as JSON has it; as text, which the check then refuses, where it is none.
Json number_in(const std::string& text) {
  const Json number = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  return number.is_number() ? number : Json(text);
}

void read_size(const std::string& size, Json& request) {
  const size_t cross = size.find('x');
  if (size.empty()) return;
  request["width"] = number_in(size.substr(0, cross));
  request["height"] = cross == size.npos ? Json(nullptr) : number_in(size.substr(cross + 1));
}

/// What a pair says of its field. No text: what the field is when such texts do not speak of it; null when they always
/// do.
Json value_of(const RequestField& field, const std::string& text) {
  if (text.empty()) return field.infotext_if_other ? field.built_in : Json();
  for (const auto& [ours, theirs] : field.infotext_words)
    if (theirs == text) return ours;
  if (!field.infotext_words.empty()) return Json();  // a word of another program
  if (field.spec.type == OptionType::text) return text;
  const Json number = number_in(text);
  return number.is_number_integer() ? Json(number.get<int64_t>() - field.infotext_from) : number;
}

/// The web UI writes "name [hash]".
std::string without_hash(const std::string& name) { return stripped(name.substr(0, name.find(" ["))); }

/// The request's members by the pairs' names.
Json request_of(Pairs& pairs) {
  Json request = Json::object();
  for (const RequestField& field : request_fields())
    if (!field.infotext.empty()) request[field.spec.name] = value_of(field, take(pairs, field.infotext));
  read_size(take(pairs, "Size"), request);
  request["model"] = take(pairs, "Model");
  if (Json& refiner = request["refiner"]; refiner.is_string()) refiner = without_hash(refiner.get<std::string>());
  if (const Json options = Json::parse(take(pairs, "Scheduler options"), nullptr, false); options.is_object())
    request["scheduler_options"] = options;
  return request;
}

/// The web UI's later versions write the schedule apart; these two say that the model's own is meant.
std::string sampler_of(const std::string& sampler, const std::string& schedule) {
  if (sampler.empty() || schedule.empty() || schedule == "Automatic" || schedule == "Normal") return sampler;
  const std::string end = " " + schedule;
  const bool has_it = sampler.size() > end.size() && sampler.compare(sampler.size() - end.size(), end.size(), end) == 0;
  return has_it ? sampler : sampler + end;
}

/// "name: hash, name: hash"
std::map<std::string, std::string> lora_hashes(const std::string& text) { return pairs_in(text); }

struct Split {
  std::string prompt;
  std::optional<std::string> negative;
  Pairs pairs;  ///< empty when the last line holds no settings
};

Split split(const std::string& text) {
  const std::string whole = stripped(text);
  const size_t last_line = whole.rfind('\n') + 1;  // npos + 1 is 0: the only line
  Split parts;
  parts.pairs = pairs_in(whole.substr(last_line));
  if (take(parts.pairs, "Steps").empty() && take(parts.pairs, "RNG").empty()) return {};
  const std::string words = "\n" + whole.substr(0, last_line);
  const size_t negative = words.rfind(std::string("\n") + kNegative);
  parts.prompt = stripped(words.substr(0, negative));
  if (negative != words.npos)
    parts.negative = stripped(words.substr(negative + 1 + std::string(kNegative).size()));
  return parts;
}

}  // namespace

Recipe read_infotext(const std::string& text, const std::string& place) {
  auto [prompt, negative, pairs] = split(text);
  if (pairs.empty())
    throw Error(ErrorCode::bad_request, place, "has no line of settings such as \"Steps: 20, Sampler: ...\"");

  Json object = request_of(pairs);
  object["scheduler"] = sampler_of(take(pairs, "Sampler"), take(pairs, "Schedule type"));
  Faults faults;
  Recipe recipe;
  recipe.request = read_generate_request(object, json_places(place), faults);
  recipe.request.prompt = prompt;
  recipe.request.negative_prompt = negative;
  take_lora_tags(recipe.request.prompt, recipe.request.loras, faults);
  faults.throw_if_any(ErrorCode::bad_request);

  // Texts of ALICE that do not say it are older than prompt styles.
  const bool is_ours = starts_with(take(pairs, "Version"), "ALICE");
  if (!recipe.request.prompt_style) recipe.request.prompt_style = is_ours ? PromptStyle::plain : PromptStyle::a1111;

  recipe.sampler = recipe.request.scheduler;
  recipe.model_sha256 = take(pairs, "Model hash");
  if (const std::string vae = take(pairs, "VAE"); !vae.empty())
    recipe.parts["vae"] = {"", Json::object(), vae, take(pairs, "VAE hash")};
  const auto hashes = lora_hashes(take(pairs, "Lora hashes"));
  for (const LoraUse& lora : recipe.request.loras) {
    const auto found = hashes.find(lora.name);
    recipe.lora_sha256.push_back(found == hashes.end() ? "" : found->second);
  }
  return recipe;
}

std::map<std::string, std::string> infotext_words(const std::string& text) {
  auto [prompt, negative, words] = split(text);
  if (words.empty()) return words;
  words["Prompt"] = prompt;
  words["Negative prompt"] = negative.value_or("");
  return words;
}

}  // namespace alice
