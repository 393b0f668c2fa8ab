#include "server/worker/run_command.h"

#include <ATen/Parallel.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "core/base/implied_model.h"
#include "core/base/model_catalogue.h"
#include "core/host/backend_choice.h"
#include "server/worker/commands.h"
#include "server/worker/replay.h"

namespace alice {
namespace {

/// Before the first tensor: libtorch 1.13 starts with one thread unless told. `processes` share the cores.
void set_threads(int configured, int64_t processes) {
  const int64_t cores = std::max(1u, std::thread::hardware_concurrency());
  const int64_t share = std::max(int64_t{1}, cores / std::max(int64_t{1}, processes));
  at::set_num_threads(configured > 0 ? configured : static_cast<int>(share));
}

/// The model of a request, or a measurement, that names none.
std::string model_without_a_word(const Config& config) {
  if (!config.default_model.empty()) return config.default_model;
  std::vector<std::string> ids;
  for (const auto& model : list_models(config.host)) ids.push_back(model.first);
  const std::string implied = implied_model(ids);
  if (implied.empty())
    throw Error(ErrorCode::bad_request, "--model", "names no model, and the configuration has no models.default_model");
  return implied;
}

bool draws(Command command) {
  return command == Command::generate || command == Command::compare || command == Command::plugin_draw;
}

/// The model that a command is about; "" when it is about none, or names none.
const std::string& model_of(const CommandLine& line) { return draws(line.command) ? line.request.model : line.target; }

/// The configuration may have changed since the server read it.
WorkerGroupConfig group_of_worker(const std::string& name, const ServerConfig& server) {
  if (name.empty() || name == kDefaultGroup) return default_group(server);
  const auto found = server.groups.find(name);
  if (found != server.groups.end()) return found->second;
  throw Error(ErrorCode::bad_config, "workers." + name, "is not in the configuration any more: start the server anew");
}

/// A worker's own group, or the one that serves the model which the command is about: whose plugins are loaded.
WorkerGroupConfig group_of(const CommandLine& line, const Config& config) {
  if (line.command == Command::work) return group_of_worker(line.group, config.server);
  const WorkerGroupConfig* named = group_naming(config.server, model_of(line));
  return named != nullptr ? *named : default_group(config.server);
}

/// 0: a share of the cores. A picture that is drawn again has as many threads as it had, where there are so many and
/// nobody says otherwise: sums are split among them.
int threads_of(const WorkerGroupConfig& group, const Config& config, const std::optional<Recipe>& recorded) {
  if (group.threads > 0) return group.threads;
  if (config.host.threads > 0 || !recorded) return config.host.threads;
  const auto cores = static_cast<int64_t>(std::max(1u, std::thread::hardware_concurrency()));
  return recorded->machine.threads <= cores ? static_cast<int>(recorded->machine.threads) : 0;
}

/// Is the library among those, itself or in a folder of them?
bool names(const std::vector<PlacedPath>& plugins, const std::filesystem::path& library) {
  std::error_code status;
  return std::any_of(plugins.begin(), plugins.end(), [&](const PlacedPath& plugin) {
    return std::filesystem::equivalent(plugin.path, library, status) ||
           std::filesystem::equivalent(plugin.path / library.filename(), library, status);
  });
}

/// The configuration's, the group's, and a library that is to be drawn with.
std::vector<PlacedPath> plugins_of(const WorkerGroupConfig& group, const Config& config, const CommandLine& line) {
  std::vector<PlacedPath> plugins = config.host.plugins;
  plugins.insert(plugins.end(), group.plugins.begin(), group.plugins.end());
  if (line.command == Command::plugin_draw && !names(plugins, line.target)) plugins.push_back({line.target, ""});
  return plugins;
}

void log_loaded(const LoadedModel& model) {
  spdlog::info("loaded {} in {:.1f} s: backend {} ({})", model.id, model.seconds, model.backend, model.device);
}

/// What is about a library or a picture alone.
bool needs_no_configuration(Command command) {
  return command == Command::show || command == Command::plugin_check || command == Command::plugin_run_checks;
}

int run_without_configuration(const CommandLine& line) {
  if (line.command == Command::show) return run_show(line);
  set_threads(0, 1);
  return line.command == Command::plugin_check ? run_plugin_check(line) : run_plugin_checks_in_child(line);
}

}  // namespace

int run_command(CommandLine line) {
  if (needs_no_configuration(line.command)) return run_without_configuration(line);
  ConfigSources sources = ConfigSources::of_process();
  sources.config_file = line.config_file;
  sources.models_directory = line.models_directory;
  sources.backend = line.backend;
  sources.is_for_server = line.command == Command::check_config;
  if (line.command == Command::check_config) return run_check_config(sources, line);
  if (line.command == Command::config_path) return run_config_path(sources);
  if (line.command == Command::config_init) return run_config_init(sources, line);
  std::vector<HostConfig> compared;
  if (line.command == Command::compare) compared = hosts_to_compare(sources, line);
  Config config = load_config(sources);
  if (line.command == Command::config_show && line.target.empty()) return run_config_show(config, line);
  FrontLink* const front = line.command == Command::work ? &begin_work(config.logging) : nullptr;
  if (front == nullptr) {  // else the front has said it all
    start_logging(config.logging);
    for (const Fault& warning : config.warnings) spdlog::warn("{}: {}", warning.place, warning.sentence);
  }
  std::optional<Recipe> recorded;
  if (!line.from.empty()) recorded = apply_recorded(line, config);
  if (draws(line.command) && line.request.model.empty()) line.request.model = model_without_a_word(config);
  if (line.command == Command::bench) {
    if (line.target.empty()) line.target = model_without_a_word(config);
    return run_bench(config, line);
  }
  const WorkerGroupConfig group = group_of(line, config);
  set_threads(threads_of(group, config, recorded), front != nullptr ? *group.count : 1);

  const auto say_loading = [front](const std::filesystem::path& file) {
    if (front != nullptr) front->say(LoadingPlugin{file.string()});
  };
  const auto registry = std::make_shared<const Registry>(plugins_of(group, config, line), say_loading);
  say_loading("");
  for (const PluginRecord& plugin : registry->plugins())
    if (!plugin.refused.empty() && line.command != Command::plugins)  // which lists them
      spdlog::error("plugin {}: {}", plugin.file.string(), plugin.refused);
  if (line.command == Command::compare) return run_compare(std::move(compared), registry, log_loaded, line);
  if (line.command == Command::plugin_draw) return run_plugin_draw(config.host, registry, log_loaded, line);
  HostConfig host = config.host;
  if (line.command == Command::check_compat) prefer_plain_backend(*registry, host);
  Composer composer(std::move(host), registry, log_loaded);

  switch (line.command) {
    case Command::work: run_work(*front, composer);
    case Command::generate: return run_generate(composer, line, recorded ? &*recorded : nullptr);
    case Command::models: return run_models(composer, line);
    case Command::plugins: return run_plugins(*registry, line);
    case Command::config_explain: return run_explain(composer, config, line);
    case Command::config_show: return run_config_show_model(composer, config, line);
    case Command::make_model: return run_make_model(composer, line);
    case Command::bench_subject: return run_bench_subject(composer, line);
    default: return run_check(composer, line);
  }
}

}  // namespace alice
