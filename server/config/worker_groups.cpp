#include "server/config/worker_groups.h"

#include "core/base/tensor_files.h"
#include "server/config/model_names.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr double kLongestTime = 7 * 24 * 3600;

WorkerGroupConfig read_group(const std::string& name, const std::string& place, const ConfigNode& node,
                             SectionReader& reader) {
  const bool is_default = name == kDefaultGroup;
  WorkerGroupConfig group;
  group.name = name;
  group.place = place;
  const auto allowed = joined({"models", "plugins"}, names_of(group_options()));
  if (!reader.is_map(node, "a worker group", allowed)) return group;
  for (const auto& [key, key_place, value] : node.members) {
    if (is_default && (key == "models" || key == "plugins"))
      reader.faults().add(key_place, "the group " + name + " serves every model that no other group names, with the " +
                                         "plugins of the general list: it has no " + key + " of its own");
    else if (key == "models")
      group.models = read_model_ids(value, key, reader);
    else if (key == "plugins" && !value.is_null())
      group.plugins = reader.plugins_in(value);
  }
  reader.read_options(group_options(), node, group);
  return group;
}

void check_models(const WorkerGroupConfig& group, std::map<std::string, const WorkerGroupConfig*>& owners,
                  Faults& faults) {
  for (const PlacedName& model : group.models) {
    const auto [owner, is_new] = owners.emplace(model.name, &group);
    if (!is_new)
      faults.add(model.place, "the model '" + model.name + "' is named by the group '" + owner->second->name +
                                  "' already: a model belongs to one group");
  }
}

/// Models may come later, so this is no fault.
void warn_of_missing_models(const WorkerGroupConfig& group, Config& config) {
  std::error_code ignored;  // what cannot be looked at is not there
  for (const PlacedName& model : group.models) {
    const fs::path folder = config.host.models_directory / model.name.substr(std::string(kModelPrefix).size());
    const bool is_there = config.host.models.count(model.name) != 0 || fs::exists(folder, ignored) ||
                          !tensor_file_of(folder).empty();
    if (!is_there) config.warnings.push_back({model.place, "there is no model '" + model.name + "' yet"});
  }
}

void warn_of_shared_plugins(const WorkerGroupConfig& group, Config& config) {
  for (const PlacedPath& own : group.plugins)
    for (const PlacedPath& general : config.host.plugins)
      if (own.path == general.path || own.path.parent_path() == general.path)
        config.warnings.push_back({own.place, "every worker loads " + own.path.string() + ", because of " +
                                                  general.place + ": the group does not keep it apart"});
}

void fill_in(WorkerGroupConfig& group, const ServerConfig& server) {
  const bool is_default = group.name == kDefaultGroup;
  if (!group.count.has_value()) group.count = is_default ? server.workers : 1;
  if (!group.step_timeout_s.has_value()) group.step_timeout_s = server.step_timeout_s;
  if (!group.job_attempts.has_value()) group.job_attempts = server.job_attempts;
  if (!group.breaker_deaths.has_value()) group.breaker_deaths = is_default ? 0 : kBreakerDeaths;
}

}  // namespace

const OptionTable<WorkerGroupConfig>& group_options() {
  using G = WorkerGroupConfig;
  static const auto table =
      OptionTable<G>()
          .integer("count", &G::count, {1, 64}, "how many workers it has")
          .integer("threads", &G::threads, {0, 1024}, "compute threads of each of its workers; 0: generation.threads")
          .integer("memory_limit", &G::memory_limit, {0, 1e15}, "what a worker may take of memory; 0: any", "bytes")
          .number("step_timeout", &G::step_timeout_s, {0.1, kLongestTime},
                  "a worker that is silent for so long about its job is killed", "seconds")
          .integer("attempts", &G::job_attempts, {1, 100}, "a job that so many workers died of fails")
          .integer("breaker_deaths", &G::breaker_deaths, {0, 1000},
                   "so many deaths of its workers within breaker_window make it rest; 0: never")
          .number("breaker_window", &G::breaker_window_s, {0.1, kLongestTime}, "in which deaths are counted", "seconds")
          .number("breaker_pause", &G::breaker_pause_s, {0.1, kLongestTime}, "how long it rests", "seconds");
  return table;
}

WorkerGroupConfig default_group(const ServerConfig& server) {
  const auto said = server.groups.find(kDefaultGroup);
  if (said != server.groups.end()) return said->second;
  WorkerGroupConfig group;
  group.name = kDefaultGroup;
  fill_in(group, server);
  return group;
}

const WorkerGroupConfig* group_naming(const ServerConfig& server, const std::string& model) {
  for (const auto& [name, group] : server.groups)
    for (const PlacedName& id : group.models)
      if (id.name == model || id.name == kModelPrefix + model) return &group;
  return nullptr;
}

void read_worker_groups(const ConfigNode& node, SectionReader& reader, ServerConfig& server) {
  if (!reader.is_map(node, "workers")) return;
  for (const auto& [name, place, value] : node.members) {
    if (name.empty()) reader.faults().add(place, "a worker group needs a name");
    server.groups[name] = read_group(name, place, value, reader);
  }
}

void settle_worker_groups(Config& config, Faults& faults) {
  std::map<std::string, const WorkerGroupConfig*> owners;
  for (auto& [name, group] : config.server.groups) {
    fill_in(group, config.server);
    check_models(group, owners, faults);
    warn_of_missing_models(group, config);
    warn_of_shared_plugins(group, config);
    if (group.models.empty() && name != kDefaultGroup)
      faults.add(group.place, "the group '" + name + "' names no models, so it would never have a job");
  }
}

}  // namespace alice
