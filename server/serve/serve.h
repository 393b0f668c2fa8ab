#pragma once
// `alice serve`: the front process from its start to its end.

#include "server/cli/command_line.h"

namespace alice {

/// Returns the exit code when SIGTERM or SIGINT has ended it: the first lets running jobs finish
/// (server.drain_timeout), the second stops at once. Throws Error(bad_config) for a wrong configuration, a taken port
/// or a data folder in use. Call it in a process that has no other threads yet.
int run_serve(const CommandLine& line);

}  // namespace alice
