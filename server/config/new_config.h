#pragma once
// A configuration to begin with: every key, and what it does.

#include <filesystem>
#include <string>

#include "server/config/config.h"

namespace alice {

/// config/config.yaml with a # before every value: it says nothing until somebody takes one away, so what other files
/// say still counts.
std::string new_config_text();

/// Where it is written: the file `target`, or config.yaml in the folder `target`; for "" what ALICE_CONFIG names, else
/// the user's own, whose folder is made. Throws Error(bad_request) without either.
std::filesystem::path new_config_file(const std::string& target, const ConfigSources& sources);

/// Writes it, whole or not at all. Throws Error(bad_request) for a file that is there, and as AtomicFile does.
void write_new_config(const std::filesystem::path& file);

}  // namespace alice
