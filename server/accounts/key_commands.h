#pragma once
// `alice keys`, as a question in JSON and its answer: the running server is asked it, or, where none runs, the keys
// themselves.

#include "core/base/json.h"
#include "server/accounts/accounts.h"

namespace alice {

/// {"do": "create", "name", "user", "level", "scopes", "expires_days"?}: {"key", "text"}, whose text is told this once;
/// {"do": "list"}: {"keys"}; {"do": "revoke", "id"}: {"key"}. Of a key everything but its hash; times are seconds since
/// 1970, or null. Waits for the store. Throws Error(bad_request) for what is no such question, not_found, and what the
/// store answers.
Json answer_key_command(Accounts& accounts, const Json& question);

}  // namespace alice
