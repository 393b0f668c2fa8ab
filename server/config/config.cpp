#include "server/config/config.h"

#include <utility>

#include "core/base/nearest.h"
#include "core/base/network.h"
#include "core/base/tensor_files.h"
#include "server/config/alice_dialect.h"
#include "server/config/blocked_words_file.h"
#include "server/config/config_layer.h"
#include "server/config/config_text.h"
#include "server/config/environment.h"
#include "server/config/fault_places.h"
#include "server/config/model_names.h"
#include "server/config/worker_groups.h"
#include "server/config/yaml_document.h"
#include "server/config/yaml_scalar.h"
#include "server/program_folder.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModelsOption = "--models";
constexpr const char* kBackendOption = "--backend";
constexpr const char* kConfigOption = "--config";

/// Empty when it has been removed; relative paths then stay relative.
fs::path working_folder() {
  std::error_code ignored;
  return fs::current_path(ignored);
}

ConfigLayer read_file(const SoughtFile& file, Faults& faults) {
  const std::string name = file.path.string();
  ConfigLayer layer;
  layer.base = (working_folder() / file.path).parent_path();
  try {
    layer.root = parse_yaml(clean_config_text(read_config_bytes(file.path, name), name), name, faults);
  } catch (const Error& e) {
    faults.add(e.place(), e.sentence() + (file.named_by.empty() ? "" : " (named by " + file.named_by + ")"));
  }
  return layer;
}

ConfigNode map_of(const std::string& key, ConfigNode value) {
  ConfigNode map;
  map.kind = ConfigNode::Kind::map;
  map.place = value.place;
  map.members.push_back({key, value.place, std::move(value)});
  return map;
}

ConfigNode command_line_settings(const ConfigSources& sources) {
  ConfigNode root;
  root.kind = ConfigNode::Kind::map;
  const auto add = [&](const std::string& section, const std::string& key, const std::string& text,
                       const char* option) {
    if (text.empty()) return;
    ConfigNode value = text_node(text, option);
    if (key == "port") value.scalar = read_yaml_scalar(text);  // a number, like the same words in a file
    root.members.push_back({section, option, map_of(key, std::move(value))});
  };
  add("models", "directory", sources.models_directory, kModelsOption);
  add("generation", "backend", sources.backend, kBackendOption);
  add("storage", "data_directory", sources.data_directory, "--data");
  add("server", "host", sources.host, "--host");
  add("server", "port", sources.port, "--port");
  return root;
}

/// systemd's StateDirectory=, else the user's folder for data (XDG Base Directory Specification).
fs::path built_in_data(const ConfigSources& sources) {
  const std::string state = variable(sources.environment, "STATE_DIRECTORY");
  const std::string xdg = variable(sources.environment, "XDG_DATA_HOME");
  const std::string home = variable(sources.environment, "HOME");
  if (!state.empty()) return state.substr(0, state.find(':'));
  if (fs::path(xdg).is_absolute()) return fs::path(xdg) / "alice";
  return home.empty() ? sources.program_folder / "data" : fs::path(home) / ".local/share/alice";
}

/// Beside the program, or beside the build folder that it lies in; an installed program has neither.
fs::path built_in_models(const ConfigSources& sources) {
  std::error_code ignored;  // a folder that cannot be looked at is not there
  for (const char* candidate : {"models", "../models"})
    if (const fs::path folder = (sources.program_folder / candidate).lexically_normal();
        fs::is_directory(folder, ignored))
      return folder;
  return built_in_data(sources) / "models";
}

/// Where they are installed; "" in a build folder, whose models are the user's, too.
fs::path built_in_shipped_models(const ConfigSources& sources) {
  std::error_code ignored;
  const fs::path folder = (sources.program_folder / ALICE_INSTALLED_MODELS).lexically_normal();
  return fs::is_directory(folder, ignored) ? folder : fs::path();
}

Config built_in(const ConfigSources& sources) {
  Config config;
  config.host.plugins = {{sources.program_folder / "plugins", "built-in"}};
  config.host.models_directory = built_in_models(sources);
  config.host.shipped_models = built_in_shipped_models(sources);
  config.server.data_directory = built_in_data(sources);
  return config;
}

/// `name` must be one of backends. Where there are none it is a plugin's, used with that plugin's own options.
void settle_backend(const std::string& name, const std::string& place, HostConfig& host, bool any_configured,
                    Faults& faults) {
  if (name.empty() || host.backends.count(name)) return;
  if (!any_configured) {
    host.backends[name] = {name, nullptr, [place](const std::string&) { return place; }};
    return;
  }
  std::vector<std::string> names;
  for (const auto& backend : host.backends) names.push_back(backend.first);
  faults.add(place, "'" + name + "' is no backend of this configuration" + did_you_mean(name, names));
}

void take_engine_name(Config& config) {
  HostConfig& host = config.host;
  if (!is_alice_engine(host.default_backend) || host.backends.count(host.default_backend)) return;
  config.warnings.push_back({config.origin("generation.backend"),
                             host.default_backend + " is the name of an engine of the earlier ALICE; taken as auto"});
  host.default_backend.clear();
}

void settle_backends(Config& config, bool command_line_rules, Faults& faults) {
  HostConfig& host = config.host;
  const bool any_configured = !host.backends.empty();
  take_engine_name(config);
  for (auto& [id, model] : host.models) {
    if (command_line_rules) model.backend.clear();
    settle_backend(model.backend, config.origin("models." + id + ".backend"), host, any_configured, faults);
  }
  settle_backend(host.default_backend, config.origin("generation.backend"), host, any_configured, faults);
  if (!host.default_backend.empty() || !any_configured) return;
  const auto& [first, backend] = *host.backends.begin();
  if (host.backends.size() == 1)
    host.default_backend = first;
  else
    faults.add(backend.place("plugin"),
               "there are several backends; generation.backend must say which one is the usual one");
}

/// A folder of models that somebody names is the only one. A model without a source is what lies under its name in it.
void settle_models(Config& config) {
  std::error_code ignored;  // what cannot be looked at is reported when it is opened
  if (config.origins.count("models.directory") > 0) config.host.shipped_models.clear();
  for (auto& [id, model] : config.host.models) {
    if (!model.source.empty()) continue;
    const fs::path folder = config.host.models_directory / id.substr(id.find('/') + 1);
    const fs::path file = fs::exists(folder, ignored) ? fs::path() : tensor_file_of(folder);
    model.source = file.empty() ? folder : file;
  }
  const auto said = config.origins.find("models.directory");
  if (said != config.origins.end() && !fs::is_directory(config.host.models_directory, ignored))
    config.warnings.push_back(
        {said->second, "there is no folder " + config.host.models_directory.string() + ", so no models are found"});
}

void settle_data(const ConfigSources& sources, Config& config) {
  ServerConfig& server = config.server;
  const auto is_set = [&](const char* name) { return !variable(sources.environment, name).empty(); };
  const bool is_said = config.origins.count("storage.data_directory") != 0;
  if (!is_said && !is_set("HOME") && !is_set("STATE_DIRECTORY") && !is_set("XDG_DATA_HOME"))
    config.warnings.push_back({"HOME", "is not set, so jobs and pictures are kept in " +
                                           server.data_directory.string() +
                                           "; storage.data_directory (ALICE_DATA_DIR) says where else"});
  if (server.images_directory.empty()) server.images_directory = server.data_directory / "images";
  config.host.cache_directory = server.data_directory / "cache";
}

/// Whoever writes a key wants it asked for, unless they say otherwise.
void settle_keys(Config& config) {
  ServerConfig& server = config.server;
  if (server.api_key.empty() || server.require_auth) return;
  if (config.origins.count("server.require_auth") == 0)
    server.require_auth = true;
  else
    config.warnings.push_back({config.origin("server.require_auth"),
                               "server.require_auth is false, so nobody is asked for server.api_key"});
}

/// Beyond this machine nobody is served without a key, and a key in plain HTTP is a warning.
void check_open_host(Config& config, Faults& faults) {
  const ServerConfig& server = config.server;
  const auto address = Network::from(server.host);
  if (!address || address->is_loopback()) return;
  if (server.require_auth && server.trusted_proxies.empty())
    config.warnings.push_back({config.origin("server.host"),
                               "keys and pictures travel in plain HTTP, which others on the way can read: put a proxy "
                               "with TLS before the server, and its address into server.trusted_proxies"});
  if (server.require_auth) return;
  faults.add(config.origin("server.host"),
             server.host + " can be reached from other machines, and whoever reaches it could use the server: say "
                           "server.require_auth: true and make a key with `alice keys create`, or listen on 127.0.0.1");
}

}  // namespace

ConfigSources ConfigSources::of_process() {
  ConfigSources sources;
  sources.environment = process_environment();
  sources.program_folder = alice::program_folder();
  return sources;
}

std::string Config::origin(const std::string& key) const {
  const auto found = origins.find(key);
  return found == origins.end() ? "built-in" : found->second;
}

std::vector<SoughtFile> sought_files(const ConfigSources& sources) {
  std::vector<SoughtFile> files;
  const std::string named = variable(sources.environment, kConfigVariable);
  const std::string home = variable(sources.environment, "HOME");
  if (!sources.config_file.empty()) {
    files.push_back({sources.config_file, kConfigOption});
  } else if (!named.empty()) {
    files.push_back({named, kConfigVariable});
  } else {
    if (!sources.system_file.empty()) files.push_back({sources.system_file, ""});
    if (!home.empty()) files.push_back({fs::path(home) / ".config/alice/config.yaml", ""});
  }
  // Missing means not there; a file that cannot be looked at may hold protection and must not be passed over.
  for (SoughtFile& file : files) {
    std::error_code status;
    file.is_there = fs::status(file.path, status).type() != fs::file_type::not_found;
  }
  return files;
}

Config read_config(const ConfigSources& sources, std::vector<Fault>& found) {
  Faults faults;
  Config config = built_in(sources);
  const KnownFolders folders{sources.program_folder, variable(sources.environment, "HOME")};
  std::map<std::string, std::string> keys;
  const auto read = [&](ConfigLayer layer) {
    keys.merge(keys_by_place(layer.root));
    read_layer(std::move(layer), folders, config, faults);
  };
  for (const SoughtFile& file : sought_files(sources)) {
    if (!file.is_there && file.named_by.empty()) continue;
    read(read_file(file, faults));
    config.sources.push_back(file.path.string());
  }
  for (const std::string& name : set_variables(sources.environment)) config.sources.push_back(name);
  read({environment_settings(sources.environment), working_folder()});
  read({command_line_settings(sources), working_folder()});
  for (const Fault& warning : unread_variables(sources.environment)) config.warnings.push_back(warning);
  settle_backends(config, !sources.backend.empty(), faults);
  settle_models(config);
  settle_worker_groups(config, faults);
  settle_keys(config);
  settle_blocked_words(config, faults);
  if (sources.is_for_server) check_open_host(config, faults);
  check_preload(config, sources.is_for_server, faults);
  settle_data(sources, config);
  found = in_order(faults.list(), keys);
  config.warnings = in_order(config.warnings, {});
  return config;
}

Config load_config(const ConfigSources& sources) {
  std::vector<Fault> faults;
  Config config = read_config(sources, faults);
  if (!faults.empty()) throw Error(ErrorCode::bad_config, faults);
  return config;
}

}  // namespace alice
