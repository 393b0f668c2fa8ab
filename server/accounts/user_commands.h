#pragma once
// `alice users`, as a question in JSON and its answer, as key_commands.h has `alice keys`.

#include "core/base/json.h"
#include "server/accounts/accounts.h"

namespace alice {

/// {"of": "users", "do": "create", "name", "password", "level"}, {"do": "disable" | "enable" | "approve", "name"} and
/// {"do": "password", "name", "password"}: {"user"}; {"do": "list"}: {"users"}; {"do": "bootstrap"}: {"code"}, told
/// this once. Of a user everything but the password's hash. Waits for the store. Throws Error(bad_request) for what is
/// no such question, not_found, and what the store answers.
Json answer_user_command(Accounts& accounts, const Json& question);

}  // namespace alice
