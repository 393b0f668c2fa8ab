#pragma once
// Users and what is theirs, as answers tell them. Times are seconds since 1970, or null.

#include "core/base/json.h"
#include "server/accounts/accounts.h"

namespace alice::accounts_door {

/// `current`: the id of the session that asks.
Json session_json(const Session& session, const SessionTimes& times, const std::string& current);
/// key_to_json(), with the original ALICE's spellings beside ours.
Json key_json(const AccessKey& key);
Json invite_json(const Invite& invite, int64_t now_s);
Json audit_json(const AuditEntry& entry);

}  // namespace alice::accounts_door
