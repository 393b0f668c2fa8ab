#pragma once
// ALICE's configuration: read, checked in full, and with the origin of every value.
//
// A value that several places give is taken from the first of: the command line; an ALICE_* variable; the user's
// ~/.config/alice/config.yaml; the system's /etc/alice/config.yaml; what is built in. A file named by --config or
// ALICE_CONFIG stands in for the user's and the system's. Section by section, key by key: a list, the entry of
// a model, a backend or a worker group is one value and is taken whole.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/host_config.h"
#include "server/config/server_config.h"
#include "server/logging.h"

namespace alice {

/// Where a configuration is sought. Empty members are not sought.
struct ConfigSources {
  std::string config_file;       ///< --config
  std::string models_directory;  ///< --models
  std::string backend;           ///< --backend: for every model, whatever its entry says
  std::string host, port;        ///< --host, --port: as typed
  std::string data_directory;    ///< --data
  std::map<std::string, std::string> environment;
  std::filesystem::path system_file = "/etc/alice/config.yaml";
  std::filesystem::path program_folder;  ///< plugins and models are found beside it
  /// For those who start the server or check its configuration: then it is a fault when an id of models.preload is no
  /// model's (a model may go while the server runs, and commands about others have no need of it), and when the server
  /// would listen beyond this machine without asking for keys.
  bool is_for_server = false;

  /// This process's environment and program folder.
  static ConfigSources of_process();
};

struct Config {
  HostConfig host;
  std::string default_model;  ///< models.default_model; "" when nobody said one
  /// models.preload: ids of models that workers load when they start, in this order; at most kMostLoadedModels of a group.
  std::vector<PlacedName> preload;
  ServerConfig server;
  LoggingConfig logging;
  std::vector<Fault> warnings;       ///< what was said and is not honoured
  std::vector<std::string> sources;  ///< files and variables that were read, the weakest first
  /// Where each value was said: "generation.default_steps" -> "config.yaml:14:18". What is not here is built in.
  std::map<std::string, std::string> origins;

  /// The origin of `key`, or "built-in".
  std::string origin(const std::string& key) const;
};

/// Throws one Error(bad_config) with every fault of every source, each with its key, in the order of the lines; then
/// nothing of the configuration may be used.
Config load_config(const ConfigSources& sources);
/// The same for who reports more than the configuration's own faults: they are in `faults`, and a value with a fault is
/// as if it had not been said. Never throws for what a configuration says.
Config read_config(const ConfigSources& sources, std::vector<Fault>& faults);

/// A file that configurations are read from.
struct SoughtFile {
  std::filesystem::path path;
  std::string named_by;  ///< an option or a variable; empty: it may be missing
  bool is_there = false;
};
/// Those that load_config() looks for, the weakest first.
std::vector<SoughtFile> sought_files(const ConfigSources& sources);

}  // namespace alice
