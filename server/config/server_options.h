#pragma once
// The keys of the sections that the server reads.

#include <string>

#include "server/config/config_node.h"
#include "server/config/server_config.h"

namespace alice {

/// The words of server.registration_mode.
const Choices<RegistrationMode>& registration_modes();
const OptionTable<ServerConfig>& server_options();       ///< server:
const OptionTable<ServerConfig>& job_options();          ///< jobs:
const OptionTable<ServerConfig>& storage_options();      ///< storage:, but its folders
const OptionTable<ServerConfig>& concurrency_options();  ///< the part of generation: that is not about pictures

/// Makes addresses of the names that stand for this machine ("localhost") in `server`, the section as it was written.
void resolve_local_names(ConfigNode& server);

/// The key of server: that no table reads, so that nothing shows its value.
inline constexpr const char* kApiKey = "api_key";
/// Its value, "" for none. Faults do not repeat it.
std::string api_key_in(const ConfigNode& server, Faults& faults);

/// What a table cannot tell: is `host` an address, are origins and URLs such? `server` is the section as it was
/// written.
void check_server_values(const ConfigNode& server, Faults& faults);

}  // namespace alice
