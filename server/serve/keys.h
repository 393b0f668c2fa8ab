#pragma once
// `alice keys`.

#include <memory>

#include "core/base/json.h"
#include "server/accounts/accounts.h"
#include "server/cli/command_line.h"

namespace alice {

/// Asks the server of the data folder; where none runs, works on the keys themselves under the folder's lock. Returns
/// the exit code; throws Error.
int run_keys(const CommandLine& line);

/// What a running server answers to it, with a line in the log of what was changed.
Json answer_keys(Accounts& accounts, const Json& question);

}  // namespace alice
