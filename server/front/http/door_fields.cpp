#include "server/front/http/door_fields.h"

#include <algorithm>
#include <cctype>

#include "core/base/lora_tags.h"
#include "core/base/nearest.h"
#include "core/base/request_fields.h"
#include "core/base/utf8.h"

namespace alice {
namespace {

constexpr size_t kMostMembers = 200;
constexpr size_t kLongestPrompt = 100'000;  // bytes
constexpr size_t kLongestName = 300;        // bytes, of a model, LoRA or scheduler

/// "guidance_scale" -> "guidanceScale".
std::string camel_case(const std::string& snake) {
  std::string out;
  for (size_t i = 0; i < snake.size(); ++i) {
    if (snake[i] == '_' && i + 1 < snake.size())
      out += static_cast<char>(std::toupper(static_cast<unsigned char>(snake[++i])));
    else
      out += snake[i];
  }
  return out;
}

bool in_camel_case(const std::string& name) {
  return std::any_of(name.begin(), name.end(), [](unsigned char c) { return std::isupper(c); });
}

/// What a field is called here that goes by a second name too; "" for one that has one name.
std::string means_of(const FieldRule& rule) { return rule.use == FieldUse::refused ? "" : rule.means; }

/// The nearest name, or all; of a field with several names the one that is ours.
std::string hint_for(const std::string& name, const std::vector<FieldRule>& rules) {
  std::vector<std::string> all, ours;
  for (const FieldRule& rule : rules) {
    all.push_back(rule.name);
    if (!in_camel_case(rule.name) && means_of(rule).empty()) ours.push_back(rule.name);
  }
  const std::string near = nearest(name, all);
  for (const FieldRule& rule : rules)
    if (rule.name == near) return " (did you mean '" + (means_of(rule).empty() ? near : rule.means) + "'?)";
  return did_you_mean(name, ours);
}

/// Asks for nothing: false, 0, "", [] or {}.
bool is_nothing(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_number()) return value.get<double>() == 0;
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.empty();
}

std::string place_in(const std::string& prefix, const std::string& name) { return json_places(prefix)(name); }

/// Files, and ways out of the folders of models.
bool is_path(const std::string& name) {
  if (name.empty()) return false;
  return name.front() == '/' || name.front() == '~' || name.front() == '.' || name.find('\\') != name.npos ||
         name.find("..") != name.npos || name.find('\0') != name.npos;
}

void check_name(const std::string& name, const std::string& place, const char* what, Faults& faults) {
  if (name.size() > kLongestName)
    faults.add(place, "must be " + std::string(what) + ", at most " + std::to_string(kLongestName) + " bytes long");
  else if (is_path(name))
    faults.add(place, "must be " + std::string(what) + ", not a path");
}

void check_prompt(const std::string& prompt, const std::string& place, Faults& faults) {
  if (prompt.size() > kLongestPrompt)
    faults.add(place, "is " + std::to_string(prompt.size()) + " bytes long; at most " + std::to_string(kLongestPrompt) +
                          " are read");
}

/// The LoRAs that the prompt's tags name; the prompt itself stays as it is.
void check_tags(std::string prompt, const std::string& place, Faults& faults) {
  if (prompt.size() > kLongestPrompt) return;
  std::vector<LoraUse> tags;
  Faults of_tags;
  take_lora_tags(prompt, tags, of_tags);
  for (const Fault& fault : of_tags.list()) faults.add(place, fault.sentence);
  if (tags.size() > kMostLoras) return faults.add(place, "names more than " + std::to_string(kMostLoras) + " LoRAs");
  for (const LoraUse& tag : tags) check_lora_name(tag.name, place, faults);
}

}  // namespace

std::vector<FieldRule> generate_rules() {
  std::vector<FieldRule> rules;
  for (const RequestField& field : request_fields()) rules.push_back({field.spec.name, FieldUse::generate});
  for (const FieldAlias& alias : generate_aliases()) rules.push_back({alias.name, FieldUse::generate, alias.field});
  rules.push_back({"loras", FieldUse::generate});
  rules.push_back({"scheduler_options", FieldUse::generate});
  return rules;
}

std::vector<FieldRule> in_both_spellings(const std::vector<FieldRule>& rules) {
  std::vector<FieldRule> both;
  for (const FieldRule& rule : rules) {
    both.push_back(rule);
    FieldRule camel = rule;
    camel.name = camel_case(rule.name);
    if (camel.name == rule.name) continue;
    if (rule.use != FieldUse::refused && rule.means.empty()) camel.means = rule.name;
    both.push_back(std::move(camel));
  }
  return both;
}

PlaceOf DoorFields::place_of() const {
  return [places = places](const std::string& name) {
    const auto found = places.find(name);
    return found == places.end() ? json_places("")(name) : found->second;
  };
}

ParamOf DoorFields::param_of() const {
  return [places = places](const std::string& place) -> std::string {
    if (place.size() < 2 || place.front() != '/') return "";
    const size_t end = std::min(place.find('/', 1), place.size());
    const std::string name = place.substr(1, end - 1);
    if (const auto found = places.find(name); found != places.end())
      return pointer_to_param(found->second + place.substr(end));
    // A field that the client left out may be wrong too: a default of its model. What else begins with '/' is a path.
    const auto rules = generate_rules();
    const bool is_field =
        std::any_of(rules.begin(), rules.end(), [&](const FieldRule& rule) { return rule.name == name; });
    return is_field ? pointer_to_param(place) : "";
  };
}

void DoorFields::throw_if_any(const Faults& faults) const {
  Faults all = faults;
  for (const Fault& fault : refused.list()) all.add(fault.place, fault.sentence);
  alice::throw_if_any(all, faults.empty() ? ErrorCode::unsupported : ErrorCode::bad_request);
}

void sort_fields(const Json& object, const std::string& prefix, const std::vector<FieldRule>& rules, DoorFields& fields,
                 Faults& faults) {
  if (object.size() > kMostMembers)
    return faults.add(prefix, "has " + std::to_string(object.size()) + " members; at most " +
                                  std::to_string(kMostMembers) + " are read");
  for (const auto& [name, value] : object.items()) {
    const std::string place = place_in(prefix, name);
    const auto rule = std::find_if(rules.begin(), rules.end(), [&](const FieldRule& one) { return one.name == name; });
    if (rule == rules.end()) {
      faults.add(place, "'" + brief(name) + "' is no field here" + hint_for(name, rules));
      continue;
    }
    if (value.is_null()) continue;
    if (rule->use == FieldUse::ignored) {
      fields.warnings.push_back(pointer_to_param(place) + ": has no effect here");
      continue;
    }
    if (rule->use == FieldUse::refused) {
      if (!is_nothing(value)) fields.refused.add(place, rule->means);
      continue;
    }
    const std::string& means = rule->means.empty() ? name : rule->means;
    Json& known = (rule->use == FieldUse::generate ? fields.generate : fields.door)[means];
    const auto [other, is_new] = fields.places.emplace(means, place);
    if (is_new)
      known = value;
    else if (known != value)
      faults.add(place, "means the same as " + pointer_to_param(other->second) + ", and they differ; give one of them");
  }
}

void refuse_warnings(const std::vector<std::string>& warnings) {
  if (warnings.empty()) return;
  std::string message;
  for (const std::string& warning : warnings) message += (message.empty() ? "" : "; ") + warning;
  const size_t colon = warnings.front().find(": ");
  throw ApiError(400, to_string(ErrorCode::unsupported), message + " (the request is strict)",
                 colon == std::string::npos ? "" : warnings.front().substr(0, colon));
}

GenerateRequest read_generate_fields(const DoorFields& fields, Faults& faults) {
  const PlaceOf place = fields.place_of();
  if (const auto loras = fields.generate.find("loras"); loras != fields.generate.end() && loras->size() > kMostLoras) {
    faults.add(place("loras"), "names " + std::to_string(loras->size()) + " LoRAs; at most " +
                                   std::to_string(kMostLoras) + " are taken");
    return {};
  }
  GenerateRequest request = read_generate_request(fields.generate, place, faults);
  check_prompt(request.prompt, place("prompt"), faults);
  check_prompt(request.negative_prompt.value_or(""), place("negative_prompt"), faults);
  check_tags(request.prompt, place("prompt"), faults);
  check_name(request.model, place("model"), "a model's id", faults);
  check_name(request.scheduler, place("scheduler"), "a scheduler's name", faults);
  for (size_t i = 0; i < request.loras.size(); ++i)  // an empty name is a fault already
    check_name(request.loras[i].name, place("loras") + "/" + std::to_string(i), "a LoRA's id", faults);
  return request;
}

void check_lora_name(const std::string& name, const std::string& place, Faults& faults) {
  if (name.empty()) return faults.add(place, "names no LoRA");
  check_name(name, place, "a LoRA's id", faults);
}

std::vector<std::string> all_warnings(std::vector<std::string> own, const std::vector<std::string>& of_job,
                                      const ParamOf& param_of) {
  for (const std::string& warning : of_job) {
    const size_t colon = warning.find(": ");
    const std::string param = colon == warning.npos ? "" : param_of(warning.substr(0, colon));
    own.push_back(param.empty() ? warning : param + warning.substr(colon));
  }
  return own;
}

}  // namespace alice
