#include "core/host/model_facts.h"

#include <algorithm>
#include <optional>

#include "core/api/scheduler.h"
#include "core/base/generation_defaults.h"
#include "core/base/request_fields.h"
#include "core/host/shown.h"
#include "core/io/model_card.h"

namespace alice {
namespace {

constexpr const char* kSteps = "/steps";

/// A plugin's facts are for people: a number may be missing, or none.
std::optional<int64_t> number_in(const Json& facts, const char* name) {
  const auto found = facts.is_object() ? facts.find(name) : facts.end();
  if (found == facts.end() || !found->is_number_integer() || found->get<int64_t>() <= 0) return std::nullopt;
  return found->get<int64_t>();
}

/// As Model::text_layers(), where the plugins tell it.
std::optional<int64_t> text_layers(const Blueprint& blueprint) {
  std::optional<int64_t> fewest;
  for (const TextUse& text : blueprint.family.recognition.texts) {
    const auto found = blueprint.parts.text_encoders.find(text.role);
    if (found == blueprint.parts.text_encoders.end()) continue;
    const auto layers = number_in(found->second.recognition.facts, "layers");
    if (!layers) return std::nullopt;
    fewest = std::min(fewest.value_or(*layers), *layers - text.layers_back);
  }
  return fewest;
}

std::string scheduler_of(const Registry& registry, const Blueprint& blueprint) {
  try {
    return default_scheduler(registry, blueprint.scheduler).name;
  } catch (...) {
    return "";
  }
}

/// False only when it is this number of steps that the scheduler refuses.
bool takes(const ChosenScheduler& scheduler, int64_t steps) {
  try {
    scheduler.scheduler->plan(steps, *scheduler.noise_model);
    return true;
  } catch (const Error& error) {
    return error.code() != ErrorCode::bad_request || error.place() != kSteps;
  } catch (...) {  // a plugin's: a request for it will hear why
    return true;
  }
}

/// The greatest number of steps that it takes, where a request may ask for more.
std::optional<int64_t> most_steps(const ChosenScheduler& scheduler, int64_t most_asked) {
  if (takes(scheduler, most_asked) || !takes(scheduler, 1)) return std::nullopt;
  int64_t taken = 1, refused = most_asked;
  while (refused - taken > 1) {
    const int64_t middle = (taken + refused) / 2;
    (takes(scheduler, middle) ? taken : refused) = middle;
  }
  return taken;
}

Json limits_of_schedulers(const Registry& registry, const Blueprint& blueprint) {
  const auto most_asked = static_cast<int64_t>(request_field("steps").spec.range.maximum);
  Json limits = Json::object();
  for (const std::string& name : registry.of<SchedulerFactory>().names()) {
    try {
      const ChosenScheduler scheduler = choose_scheduler(registry, blueprint.scheduler, name, Json::object());
      if (const auto most = most_steps(scheduler, most_asked)) limits[name] = *most;
    } catch (...) {
    }
  }
  return limits;
}

Shown shown_of(const Blueprint& blueprint) {
  const Json& facts = blueprint.parts.unet.recognition.facts;
  const auto latents = number_in(facts, "latent_channels"), all = number_in(facts, "in_channels");
  return latents && all ? shown_by(*all - *latents, *latents) : Shown::nothing;
}

}  // namespace

bool needs_picture(const Blueprint& blueprint) { return shown_of(blueprint) != Shown::nothing; }

Json model_facts(const Registry& registry, const HostConfig& config, const Blueprint& blueprint) {
  const auto latents = number_in(blueprint.parts.unet.recognition.facts, "native_latent_size");
  const auto reduction = number_in(blueprint.parts.vae.recognition.facts, "reduction");
  const auto layers = text_layers(blueprint);
  std::optional<int64_t> native_side;
  if (latents && reduction) native_side = *latents * *reduction;

  GenerateRequest built_in = built_in_defaults(native_side);
  if (needs_picture(blueprint)) built_in.strength = 1;  // as resolve_settings()
  GenerateRequest defaults = with_defaults(with_defaults(blueprint.config.defaults, config.defaults), built_in);
  defaults.scheduler = scheduler_of(registry, blueprint);
  Json facts = {{"defaults", describe_defaults(defaults)}, {"most_steps", limits_of_schedulers(registry, blueprint)}};
  if (native_side) facts["native_width"] = facts["native_height"] = *native_side;
  if (reduction) facts["size_multiple"] = *reduction;
  if (layers) facts["text_layers"] = *layers;
  if (needs_picture(blueprint)) facts["needs_picture"] = true;
  if (shown_of(blueprint) == Shown::mask) facts["needs_mask"] = true;
  if (!blueprint.examples.empty()) facts["examples"] = blueprint.examples;
  if (const std::string card = read_model_card(blueprint.config.source); !card.empty()) facts["card"] = card;
  return facts;
}

}  // namespace alice
