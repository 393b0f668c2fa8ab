#include <algorithm>
#include <filesystem>
#include <iostream>

#include "core/base/generation_defaults.h"
#include "core/base/request_fields.h"
#include "server/config/config_yaml.h"
#include "server/config/new_config.h"
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

std::string in_words(const Json& value) { return value.is_string() ? value.get<std::string>() : dump_json(value); }

/// What a request that says nothing means. The scheduler is among what the blueprint explains.
void add_defaults(const Blueprint& plan, const Config& config, Rows& rows) {
  const Json own = write_generate_request(plan.config.defaults), general = write_generate_request(config.host.defaults);
  for (const std::string& name : model_default_names()) {
    const bool is_own = !own.at(name).is_null(), is_side = name == "width" || name == "height";
    Json value = is_own ? own.at(name) : general.at(name);
    if (value.is_null()) value = request_field(name).built_in;
    if (value.is_null() && is_side) value = "the model's native size";
    if (value.is_null() || name == "scheduler") continue;
    rows.push_back(
        {"default " + name, in_words(value), "<- " + origin_of_default(config, plan.config.id, name, is_own)});
  }
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
  entry.family.plugin = plan.family.factory->info().id;
  plan.parts.each([&](const std::string& role, const auto& choice) {
    entry.parts[role].plugin = choice.factory->info().id;
  });
  if (config.host.backends.count(plan.backend.name)) entry.backend = plan.backend.name;
  entry.defaults = with_defaults(with_defaults(entry.defaults, config.host.defaults), built_in_defaults());
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

int run_config_init(const ConfigSources& sources, const CommandLine& line) {
  const std::string file = new_config_file(line.target, sources).string();
  write_new_config(file);
  const std::vector<SoughtFile> sought = sought_files(sources);
  const bool is_read = std::any_of(sought.begin(), sought.end(), [&](const SoughtFile& one) {
    std::error_code status;  // what is not there is another
    return std::filesystem::equivalent(one.path, file, status);
  });
  const std::string option = is_read ? "" : " --config " + file;
  std::cout << file << "\n"
            << "It has every key, its default and what it does, behind a #: take the # away from what you change.\n"
            << "Often that is models.directory, generation.backend or server.port.\n"
            << (is_read ? "Every command reads it" : "It is read where --config or ALICE_CONFIG names it")
            << "; `alice check config" << option << "` says whether it is right.\n";
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
