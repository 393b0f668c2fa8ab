#pragma once
// The section retention: what is kept, and for how long.

#include "server/config/section_reader.h"
#include "server/config/server_config.h"

namespace alice {

/// The keys of each kind of things.
const OptionTable<RetentionLimits>& retention_options();

/// Reads the section into `server`; what is wrong is added to the reader's faults.
void read_retention(const ConfigNode& node, SectionReader& reader, ServerConfig& server);

}  // namespace alice
