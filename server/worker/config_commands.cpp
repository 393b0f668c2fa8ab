#include <iostream>

#include "core/base/generation_defaults.h"
#include "server/config/config_yaml.h"
#include "server/worker/commands.h"
#include "server/worker/table.h"

namespace alice {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr const char* kBuiltIn = "built-in";

/// Where a default of a model was said; `is_own`: it is in force by the model's entry or its files.
std::string origin_of_default(const Config& config, const std::string& id, const std::string& name, bool is_own) {
  const std::string of_model = config.origin("models." + id + ".defaults." + name);
  if (is_own) return of_model == kBuiltIn ? "the model's own" : of_model;
  return config.origin("generation.default_" + name);
}

template <class T>
std::string in_words(const T& value) {
  return dump_json(Json(value));
}

template <class T>
void add_default(const std::string& name, const std::optional<T>& of_model, const std::optional<T>& general,
                 const std::string& unsaid, const std::string& id, const Config& config, Rows& rows) {
  const std::string value = of_model ? in_words(*of_model) : general ? in_words(*general) : unsaid;
  rows.push_back({"default " + name, value, "<- " + origin_of_default(config, id, name, of_model.has_value())});
}

/// What a request that says nothing means.
void add_defaults(const Blueprint& plan, const Config& config, Rows& rows) {
  const GenerateRequest &own = plan.config.defaults, &general = config.host.defaults;
  const std::string& id = plan.config.id;
  const std::string native = "the model's native size";
  add_default("steps", own.steps, general.steps, in_words(kDefaultSteps), id, config, rows);
  add_default("guidance_scale", own.guidance_scale, general.guidance_scale, in_words(kDefaultGuidance), id, config,
              rows);
  add_default("width", own.width, general.width, native, id, config, rows);
  add_default("height", own.height, general.height, native, id, config, rows);
  if (!own.negative_prompt.empty())
    rows.push_back({"default negative_prompt", own.negative_prompt,
                    "<- " + origin_of_default(config, id, "negative_prompt", true)});
}

void add_surroundings(Composer& composer, const Blueprint& plan, const Config& config, Rows& rows) {
  const WorkerGroupConfig* group = group_naming(config.server, plan.config.id);
  rows.push_back({"worker group", group != nullptr ? group->name : kDefaultGroup,
                  "<- " + (group != nullptr ? group->place : std::string(kBuiltIn))});
  std::string loras;
  for (const std::string& name : composer.loras().names()) loras += (loras.empty() ? "" : ", ") + name;
  rows.push_back(
      {"LoRAs", loras.empty() ? "none" : loras, "<- " + (composer.config().models_directory / "loras").string()});
}

/// The backend in its own words: it is made, no model is loaded.
void add_device(Composer& composer, const Blueprint& plan, Rows& rows) {
  try {
    rows.push_back({"computes", composer.backend(plan.backend)->info().device, "<- what the backend says of itself"});
  } catch (const Error& e) {
    rows.push_back({"computes", "nothing", std::string("<- ") + e.what()});
  }
}

/// The entry that says all that `plan` has found out by itself.
ModelConfig entry_of(const Composer& composer, const Blueprint& plan, const Config& config) {
  ModelConfig entry = plan.config;
  const ChosenScheduler chosen = choose_scheduler(composer.registry(), plan.scheduler, "", Json::object());
  entry.scheduler.plugin = chosen.plugin;
  entry.scheduler.options = chosen.options;
  entry.text_encoder.plugin = plan.text_encoder.factory->info().id;
  entry.unet.plugin = plan.unet.factory->info().id;
  entry.vae.plugin = plan.vae.factory->info().id;
  if (config.host.backends.count(plan.backend.name)) entry.backend = plan.backend.name;
  const GenerateRequest& general = config.host.defaults;
  if (!entry.defaults.steps) entry.defaults.steps = general.steps.value_or(kDefaultSteps);
  if (!entry.defaults.guidance_scale) entry.defaults.guidance_scale = general.guidance_scale.value_or(kDefaultGuidance);
  if (!entry.defaults.width) entry.defaults.width = general.width;
  if (!entry.defaults.height) entry.defaults.height = general.height;
  return entry;
}

int tell_faults(const Blueprint& plan) {
  for (const Fault& warning : all_warnings(plan))
    std::cerr << on_one_line("warning: " + warning.place + ": " + warning.sentence) << "\n";
  for (const Fault& fault : plan.faults) std::cerr << on_one_line(fault.place + ": " + fault.sentence) << "\n";
  return plan.faults.empty() ? kExitOk : kExitFailed;
}

}  // namespace

int run_config_show(const Config& config, const CommandLine&) {
  std::cout << config_yaml(config);
  return kExitOk;
}

int run_config_show_model(const Composer& composer, const Config& config, const CommandLine& line) {
  const auto plan = composer.blueprint(line.target, /*paths_allowed=*/true);
  std::cout << model_yaml(entry_of(composer, *plan, config), config);
  return tell_faults(*plan);
}

int run_config_path(const ConfigSources& sources) {
  for (const SoughtFile& file : sought_files(sources))
    std::cout << file.path.string() << (file.is_there ? "" : "  (not there)")
              << (file.named_by.empty() ? "" : "  (named by " + file.named_by + ")") << "\n";
  return kExitOk;
}

int run_explain(Composer& composer, const Config& config, const CommandLine& line) {
  const auto plan = composer.blueprint(line.target, /*paths_allowed=*/true);
  Rows rows;
  for (const Explained& one : plan->explanation) rows.push_back({one.what, one.value, "<- " + one.origin});
  add_device(composer, *plan, rows);
  add_defaults(*plan, config, rows);
  add_surroundings(composer, *plan, config, rows);
  if (!line.json) {
    print_table(rows);
    return tell_faults(*plan);
  }
  Json out = describe_blueprint(*plan);
  out["explanation"] = Json::array();
  for (const auto& row : rows)
    out["explanation"].push_back({{"what", row[0]}, {"value", row[1]}, {"origin", row[2].substr(3)}});
  std::cout << on_lines(dump_json(out, 2)) << "\n";
  return tell_faults(*plan);
}

}  // namespace alice
