#include "server/worker/check/config_checks.h"

#include <algorithm>
#include <set>

#include "core/api/scheduler.h"
#include "server/config/model_names.h"

namespace alice {
namespace {

/// Adds the sentence of what `action` throws.
template <class Action>
void note(const std::string& place, Action&& action, std::vector<Fault>& faults) {
  try {
    action();
  } catch (const Error& e) {
    faults.push_back({e.place().empty() ? place : e.place(), e.sentence()});
  } catch (const std::exception& e) {
    faults.push_back({place, std::string("the plugin failed: ") + e.what()});
  }
}

const std::string& group_of(const std::string& model, const Config& config) {
  static const std::string usual = kDefaultGroup;
  const WorkerGroupConfig* named = group_naming(config.server, model);
  return named == nullptr ? usual : named->name;
}

/// The groups that need a backend: those with a model that names it, and the default one, if it is the usual one.
std::set<std::string> users_of(const std::string& backend, const Config& config) {
  std::set<std::string> users;
  for (const auto& [id, model] : config.host.models)
    if (model.backend == backend) users.insert(group_of(id, config));
  if (backend == config.host.default_backend) users.insert(kDefaultGroup);
  return users;
}

void add_backend_faults(Composer& composer, const Config& config, const std::string& group,
                        std::vector<Fault>& faults) {
  for (const auto& [name, backend] : config.host.backends) {
    const std::set<std::string> users = users_of(name, config);
    const bool is_idle = users.empty() && group == kDefaultGroup;
    if (users.count(group) == 0 && !is_idle) continue;
    const auto make = [&composer, &name = name, is_idle] {
      try {
        composer.backend(name);
      } catch (const Error& e) {
        if (e.code() != ErrorCode::unsupported || !is_idle) throw;
      }
    };
    note(backend.place(""), make, faults);
  }
  if (config.host.default_backend.empty() && group == kDefaultGroup)
    note("generation.backend", [&] { composer.backend(""); }, faults);
}

void add_scheduler_faults(const Registry& registry, const Config& config, const std::string& group,
                          std::vector<Fault>& faults) {
  const auto check = [&](const std::string& name, const std::string& key) {
    if (name.empty()) return;
    const auto get = [&] { registry.of<SchedulerFactory>().get(name, config.origin(key), ErrorCode::bad_config); };
    note(config.origin(key), get, faults);
  };
  if (group == kDefaultGroup) check(config.host.defaults.scheduler, "generation.default_scheduler");
  for (const auto& [id, model] : config.host.models)
    if (group_of(id, config) == group) check(model.defaults.scheduler, "models." + id + ".defaults.scheduler");
}

/// Was the library itself named, and not found in a folder that is?
bool is_named(const PluginRecord& plugin, const std::vector<PlacedPath>& named) {
  return std::any_of(named.begin(), named.end(), [&](const PlacedPath& one) { return one.path == plugin.file; });
}

void check_plugins(const CheckedGroup& checked, const std::vector<PlacedPath>& named, std::set<std::string>& told,
                   Report& report) {
  for (const PluginRecord& plugin : checked.registry->plugins()) {
    if (!told.insert(plugin.file.string()).second) continue;  // every group has the general ones
    if (plugin.refused.empty())
      report.pass("plugin", plugin.file.string());
    else if (is_named(plugin, named))
      report.fail("plugin", plugin.file.string(), plugin.refused);
    else
      report.skip("plugin", plugin.file.string(), plugin.refused, false);
  }
}

void check_models(const CheckedGroup& checked, const Config& config, Report& report) {
  for (const ModelStatus& model : checked.composer->models()) {
    if (group_of(model.id, config) != checked.group.name) continue;
    const bool is_named = config.host.models.count(model.id) != 0 || checked.group.name != kDefaultGroup ||
                          model.id == config.default_model;
    if (model.unavailable.empty())
      report.pass("model", model.id);
    else if (is_named)
      report.fail("model", model.id, model.unavailable);
    else
      report.skip("model", model.id, model.unavailable, false);
  }
}

}  // namespace

std::vector<Fault> missing_names(Composer& composer, const Config& config, const std::string& group) {
  std::vector<Fault> faults;
  add_backend_faults(composer, config, group, faults);
  add_scheduler_faults(composer.registry(), config, group, faults);
  return faults;
}

Report check_config(const std::vector<CheckedGroup>& groups, const Config& config, const std::vector<Fault>& faults) {
  Report report;
  for (const Fault& fault : faults) report.fail("config", fault.place, fault.sentence);
  for (const std::string& source : config.sources) report.pass("config", source);
  if (config.sources.empty()) report.pass("config", "built-in defaults");
  if (const auto fault = missing_default_model(config)) report.fail("config", fault->place, fault->sentence);
  std::vector<PlacedPath> named = config.host.plugins;
  for (const CheckedGroup& checked : groups) {
    named.insert(named.end(), checked.group.plugins.begin(), checked.group.plugins.end());
    for (const Fault& fault : missing_names(*checked.composer, config, checked.group.name))
      report.fail("config", fault.place, fault.sentence);
  }
  std::set<std::string> told;
  for (const CheckedGroup& checked : groups) {
    check_plugins(checked, named, told, report);
    check_models(checked, config, report);
  }
  return report;
}

}  // namespace alice
