// From the configuration to the desk.

#include <utility>

#include "core/base/machine_memory.h"
#include "server/front/job_desk.h"
#include "server/front/retention_settings.h"

namespace alice {
namespace {

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

/// The models of `preload` that the group serves.
std::vector<std::string> preloads_of(const Config& config, const std::string& group) {
  std::vector<std::string> ids;
  for (const PlacedName& model : config.preload) {
    const WorkerGroupConfig* named = group_naming(config.server, model.name);
    if (group == (named != nullptr ? named->name : kDefaultGroup)) ids.push_back(model.name);
  }
  return ids;
}

/// Of a worker that nobody has set a limit for: all of them together are to leave a fifth of what is available now to
/// everybody else. 0 where nobody knows what there is.
int64_t usual_memory_limit(const ServerConfig& server) {
  constexpr double kShare = 0.8;
  int64_t workers = *default_group(server).count;
  for (const auto& [name, group] : server.groups)
    if (name != kDefaultGroup) workers += *group.count;
  const auto available = static_cast<double>(available_memory().value_or(0));
  return static_cast<int64_t>(kShare * available / static_cast<double>(workers));
}

WorkerGroupSettings group_settings(const Config& config, const WorkerGroupConfig& group,
                                   std::vector<std::string> worker) {
  WorkerGroupSettings settings;
  settings.name = group.name;
  for (const PlacedName& model : group.models) settings.models.push_back(model.name);
  settings.job_attempts = *group.job_attempts;
  settings.breaker = {*group.breaker_deaths, milliseconds(group.breaker_window_s), milliseconds(group.breaker_pause_s)};
  WorkerSettings& workers = settings.workers;
  worker.insert(worker.end(), {"--group", group.name});
  workers.arguments = std::move(worker);
  workers.preload = preloads_of(config, group.name);
  workers.log_name = group.name == kDefaultGroup ? "" : group.name + "/";
  workers.workers = static_cast<size_t>(*group.count);
  workers.memory_limit = group.memory_limit.value_or(usual_memory_limit(config.server));
  settings.most_seconds = config.server.max_seconds;
  workers.step_timeout = milliseconds(*group.step_timeout_s);
  for (const PlacedPath& plugin : config.host.plugins) workers.plugins.push_back(plugin.path);
  for (const PlacedPath& plugin : group.plugins) workers.plugins.push_back(plugin.path);
  return settings;
}

}  // namespace

JobDeskSettings job_desk_settings(const Config& config, const std::vector<std::string>& worker) {
  JobDeskSettings settings;
  settings.data_directory = config.server.data_directory;
  settings.images_directory = config.server.images_directory;
  settings.reserve = config.server.reserve;
  settings.max_record = config.server.max_record;
  settings.retention = retention_of(config.server);
  settings.queue_size = config.server.queue_size;
  settings.default_model = config.default_model;
  settings.log_prompts = config.logging.prompts;
  if (config.server.block_nsfw) settings.blocked_words = config.server.blocked_words;
  const WorkerGroupSettings usual = group_settings(config, default_group(config.server), worker);
  settings.workers = usual.workers;
  settings.job_attempts = usual.job_attempts;
  settings.breaker = usual.breaker;
  settings.most_seconds = usual.most_seconds;
  for (const auto& [name, group] : config.server.groups)
    if (name != kDefaultGroup) settings.groups.push_back(group_settings(config, group, worker));
  return settings;
}

}  // namespace alice
