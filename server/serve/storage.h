#pragma once
// `alice storage`: what the server of a data folder keeps. It may run meanwhile: nothing is changed.

#include "server/cli/command_line.h"

namespace alice {

/// Returns the exit code. Throws Error: there is no database, or it cannot be read.
int run_storage(const CommandLine& line);

}  // namespace alice
