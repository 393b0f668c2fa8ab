#pragma once
// The command `alice plugin try`.

#include "server/cli/command_line.h"

namespace alice {

/// Builds the project in line.target, checks its library as the project itself would, and has a worker draw with it.
/// Returns the exit code of the first of them that failed. Throws what build_project() and built_plugin() throw.
int run_plugin_try(const CommandLine& line);

}  // namespace alice
