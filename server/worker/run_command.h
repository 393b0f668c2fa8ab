#pragma once

#include "server/cli/command_line.h"

namespace alice {

/// Carries out a command that loads plugins or computes. Returns the program's exit code. Throws Error when the command
/// line or the configuration asks for what cannot be had, and whatever the command throws.
int run_command(CommandLine line);

}  // namespace alice
