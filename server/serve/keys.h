#pragma once
// `alice keys`.

#include "server/cli/command_line.h"

namespace alice {

/// Returns the exit code; throws Error.
int run_keys(const CommandLine& line);

}  // namespace alice
