#pragma once
// The ALICE_* variables. One table says which there are and which key of the configuration each one sets.
//
//   ALICE_CONFIG      the configuration file, in place of the user's and the system's
//   ALICE_MODELS_DIR  models.directory
//   ALICE_BACKEND     generation.backend
//   ALICE_THREADS     generation.threads
//   ALICE_LOG_LEVEL   logging.level
//   ALICE_LOG_FILE    logging.file
//
// A variable that is set to nothing is not set.

#include <map>
#include <string>
#include <vector>

#include "server/config/config_node.h"

namespace alice {

using Environment = std::map<std::string, std::string>;

constexpr const char* kConfigVariable = "ALICE_CONFIG";

/// The variables of this process whose values are not empty.
Environment process_environment();

/// The value, or "" when there is none.
std::string variable(const Environment& environment, const std::string& name);

/// The names of those that set something in the configuration.
std::vector<std::string> set_variables(const Environment& environment);

/// What they say, as a configuration whose places are their names.
ConfigNode environment_settings(const Environment& environment);

/// A warning for each ALICE_* variable that nothing reads.
std::vector<Fault> unread_variables(const Environment& environment);

}  // namespace alice
