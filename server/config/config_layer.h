#pragma once
// One source of configuration - a file, the environment, the command line - and how its values are read into a Config.

#include <filesystem>

#include "server/config/config.h"
#include "server/config/config_node.h"

namespace alice {

struct ConfigLayer {
  ConfigNode root;
  std::filesystem::path base;  ///< what its relative paths are relative to
};

/// Folders that a configuration can mean without naming them.
struct KnownFolders {
  std::filesystem::path program;  ///< the plugin list's word `default` is `plugins` in it
  std::filesystem::path home;     ///< ~/ in paths; empty: not known
};

/// Reads `layer` over what `config` holds already. Every fault is added; a value with a fault is left as it was. What
/// is not honoured goes to config.warnings.
void read_layer(ConfigLayer layer, const KnownFolders& folders, Config& config, Faults& faults);

}  // namespace alice
