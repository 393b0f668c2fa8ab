#pragma once
// The command `alice plugin new`.

#include "server/cli/command_line.h"

namespace alice {

/// Writes the project and tells on standard output what comes next. Throws what write_plugin_project() throws.
int run_plugin_new(const CommandLine& line);

}  // namespace alice
