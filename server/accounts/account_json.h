#pragma once
// Users and keys as the console and the doors tell them: never a secret, nor a hash of one.

#include <optional>

#include "core/base/json.h"
#include "server/accounts/account.h"
#include "server/accounts/user.h"

namespace alice {

/// null for what never was, or has no end. Seconds since 1970.
Json seconds_to_json(std::optional<int64_t> seconds);
/// {"id","name","level","state","has_password","created"}
Json user_to_json(const User& user);
/// {"id","name","user","level","scopes","created","expires","last_used","revoked"}
Json key_to_json(const AccessKey& key);

}  // namespace alice
