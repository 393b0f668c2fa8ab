#pragma once
// `alice keys` and `alice users`: whom they ask, and what is answered.

#include "core/base/json.h"
#include "server/accounts/accounts.h"
#include "server/cli/command_line.h"

namespace alice {

/// Asks the server of the data folder; where none runs, the accounts themselves are asked, under the folder's lock.
/// `makes`: the question may make the folder. Throws Error.
Json ask_accounts(const CommandLine& line, const Json& question, bool makes);

/// What a running server answers, with a line in its log, and an entry in the audit, of what was changed.
Json answer_console(Accounts& accounts, const Json& question);

/// "2026-03-01 12:00", in UTC; "-" for what is no number of seconds since 1970.
std::string day_of(const Json& seconds);

}  // namespace alice
