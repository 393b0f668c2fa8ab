#include "server/front/request_judge.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "core/base/generation_defaults.h"
#include "core/base/lora_names.h"
#include "core/base/lora_tags.h"
#include "core/base/nearest.h"
#include "core/base/picture_size.h"
#include "core/base/request_checks.h"
#include "core/base/request_fields.h"
#include "server/front/described_options.h"

namespace alice {
namespace {

const Json& nothing() {
  static const Json null;
  return null;
}

/// The member, or null.
const Json& member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? nothing() : *found;
}

bool same_name(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

const Json& model_of(const Json& description, const std::string& id) {
  for (const Json& model : member(description, "models"))
    if (model.value("id", "") == id) return model;
  return nothing();
}

GenerateRequest defaults_of(const Json& model) {
  Faults passed_over;
  return generate_options().read(member(model, "defaults"), UnknownKeys::pass_over, json_places(""), passed_over);
}

// --- the scheduler

bool is_called(const Json& scheduler, const std::string& name) {
  if (same_name(scheduler.value("id", ""), name)) return true;
  const Json& aliases = member(scheduler, "aliases");
  return std::any_of(aliases.begin(), aliases.end(),
                     [&](const Json& alias) { return same_name(alias.value("name", ""), name); });
}

/// Ids first, as the worker lists them.
std::vector<std::string> names_of(const Json& schedulers) {
  std::vector<std::string> names;
  for (const Json& scheduler : schedulers) names.push_back(scheduler.value("id", ""));
  for (const Json& scheduler : schedulers)
    for (const Json& alias : member(scheduler, "aliases")) names.push_back(alias.value("name", ""));
  return names;
}

void judge_options(const Json& given, const Json& scheduler, const Json& description, Faults& faults) {
  const Json& noise_options = member(description, "noise_options");
  if (!noise_options.is_array() || !member(scheduler, "options").is_array()) return;
  const std::vector<OptionSpec> noise = read_option_specs(noise_options);
  const std::vector<OptionSpec> own = read_option_specs(scheduler.at("options"));
  const PlaceOf place = json_places("/scheduler_options");
  Json others = given;
  for (const OptionSpec& spec : noise) {
    if (!given.contains(spec.name)) continue;
    spec.check(given.at(spec.name), place(spec.name), faults);
    others.erase(spec.name);
  }
  detail::check_unknown(others, own, place, faults);
  for (const OptionSpec& spec : own)
    if (others.contains(spec.name)) spec.check(others.at(spec.name), place(spec.name), faults);
}

/// With options of its own a scheduler may take another number.
void judge_steps(const GenerateRequest& all, const std::string& scheduler, const Json& model, Faults& faults) {
  if (!all.scheduler_options.empty()) return;
  for (const auto& [name, most] : member(model, "most_steps").items())
    if (same_name(name, scheduler) && all.steps.value_or(0) > most.get<int64_t>())
      faults.add("/steps", "must be at most " + std::to_string(most.get<int64_t>()) + " for the scheduler '" +
                               scheduler + "', got " + std::to_string(*all.steps));
}

void judge_scheduler(const GenerateRequest& request, const GenerateRequest& all, const Json& model,
                     const Json& description, Faults& faults) {
  const Json& schedulers = member(member(member(description, "plugins"), "kinds"), "scheduler");
  if (!schedulers.is_array() || all.scheduler.empty()) return;
  const auto found = std::find_if(schedulers.begin(), schedulers.end(),
                                  [&](const Json& scheduler) { return is_called(scheduler, all.scheduler); });
  if (found == schedulers.end()) {
    if (!request.scheduler.empty())  // else it is the configuration's fault
      faults.add("/scheduler", "there is no scheduler '" + request.scheduler + "'" +
                                   did_you_mean(request.scheduler, names_of(schedulers)));
    return;
  }
  judge_options(request.scheduler_options, *found, description, faults);
  judge_steps(all, all.scheduler, model, faults);
}

// --- LoRAs

void judge_loras(const std::vector<LoraUse>& loras, const std::string& place, const Json& description,
                 Faults& faults) {
  const Json& known = member(description, "loras");
  if (!known.is_array()) return;
  std::vector<std::string> ids;
  for (const Json& lora : known) ids.push_back(lora.value("id", ""));
  for (const LoraUse& lora : loras) {
    try {
      lora_called(lora.name, ids, place);
    } catch (const Error& error) {
      faults.add(error.place(), error.sentence());
    }
  }
}

std::vector<LoraUse> loras_in(std::string prompt) {
  std::vector<LoraUse> loras;
  Faults faults;  // told by whoever read the request
  take_lora_tags(prompt, loras, faults);
  return loras;
}

}  // namespace

void judge_request(const GenerateRequest& request, const Json& description) {
  const Json& model = model_of(description, request.model);
  if (model.is_null()) return;
  const GenerateRequest all = with_defaults(request, defaults_of(model));
  Faults wrong, missing;
  judge_scheduler(request, all, model, description, wrong);
  check_request(all,
                {model.value("size_multiple", int64_t{0}), model.value("text_layers", int64_t{0}),
                 model.value("needs_picture", false), model.value("needs_mask", false)},
                wrong);
  check_pixels(request.model, {all.width.value_or(0), all.height.value_or(0)}, read_size_rule(model), json_places(""),
               wrong);
  judge_loras(request.loras, "/loras", description, missing);
  judge_loras(loras_in(request.prompt), "/prompt", description, missing);
  if (!wrong.empty())
    for (const Fault& fault : missing.list()) wrong.add(fault.place, fault.sentence);
  wrong.throw_if_any(ErrorCode::bad_request);
  missing.throw_if_any(ErrorCode::not_found);
}

}  // namespace alice
