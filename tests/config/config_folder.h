#pragma once
// A configuration in a folder of its own, read without this machine's own files and variables.

#include <string>

#include "server/config/config.h"
#include "tests/support/temp_folder.h"

namespace alice::test {

class ConfigFolder {
 public:
  ConfigFolder() {
    sources.system_file = folder / "etc/alice/config.yaml";
    sources.program_folder = folder / "bin";
    sources.environment["HOME"] = (folder / "home").string();
  }

  /// Loads `text` as --config would.
  Config load(const std::string& text) {
    folder.write("config.yaml", text);
    sources.config_file = file();
    return load_config(sources);
  }
  Config load() const { return load_config(sources); }

  std::string file() const { return (folder / "config.yaml").string(); }

  TempFolder folder;
  ConfigSources sources;
};

}  // namespace alice::test
