#include "server/front/http/doors/accounts/account_json.h"

#include <algorithm>

#include "server/accounts/account_json.h"

namespace alice::accounts_door {

Json session_json(const Session& session, const SessionTimes& times, const std::string& current) {
  const int64_t ends = std::min(session.seen_s + times.idle_s, session.created_s + times.longest_s);
  return {{"id", session.id},       {"created", session.created_s}, {"last_seen", session.seen_s},
          {"expires", ends},        {"address", session.address},   {"agent", session.agent},
          {"current", session.id == current}};
}

Json key_json(const AccessKey& key) {
  Json json = key_to_json(key);
  json["createdAt"] = json["created"];
  json["lastUsed"] = json["last_used"];
  json["accessLevel"] = json["level"];
  json["isAdmin"] = key.level == Level::admin;
  json["enabled"] = !key.revoked_s.has_value();
  return json;
}

Json invite_json(const Invite& invite, int64_t now_s) {
  const bool is_valid = !invite.revoked_s && invite.uses_left.value_or(1) > 0 &&
                        invite.expires_s.value_or(now_s + 1) > now_s;
  return {{"id", invite.id},
          {"uses_remaining", seconds_to_json(invite.uses_left)},
          {"used", invite.used},
          {"created_by", invite.created_by},
          {"created_at", invite.created_s},
          {"expires_at", seconds_to_json(invite.expires_s)},
          {"revoked_at", seconds_to_json(invite.revoked_s)},
          {"valid", is_valid}};
}

Json audit_json(const AuditEntry& entry) {
  return {{"id", entry.id},           {"time", entry.time_s},       {"action", entry.action},
          {"actor", entry.actor},     {"target", entry.target},     {"address", entry.address},
          {"result", entry.result},   {"request_id", entry.request}};
}

}  // namespace alice::accounts_door
