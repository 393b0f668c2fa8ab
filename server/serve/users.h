#pragma once
// `alice users`.

#include "server/cli/command_line.h"

namespace alice {

/// A password is read from the terminal, unseen and twice, or from the first line of standard input. Returns the exit
/// code; throws Error.
int run_users(const CommandLine& line);

}  // namespace alice
