#include "server/front/http/doors/accounts/account_json.h"

#include <algorithm>

namespace alice::accounts_door {

Json seconds(std::optional<int64_t> s) { return s ? Json(*s) : Json(nullptr); }

Json user_json(const User& user) {
  return {{"id", user.id},
          {"name", user.name},
          {"level", to_string(user.level)},
          {"state", to_string(user.state)},
          {"has_password", !user.password_hash.empty()},
          {"created", user.created_s}};
}

Json session_json(const Session& session, const SessionTimes& times, const std::string& current) {
  const int64_t ends = std::min(session.seen_s + times.idle_s, session.created_s + times.longest_s);
  return {{"id", session.id},       {"created", session.created_s}, {"last_seen", session.seen_s},
          {"expires", ends},        {"address", session.address},   {"agent", session.agent},
          {"current", session.id == current}};
}

Json key_json(const AccessKey& key) {
  return {{"id", key.id},
          {"name", key.name},
          {"user", key.user_name},
          {"level", to_string(key.level)},
          {"scopes", key.scopes.words()},
          {"created", key.created_s},
          {"createdAt", key.created_s},
          {"expires", seconds(key.expires_s)},
          {"last_used", seconds(key.last_used_s)},
          {"lastUsed", seconds(key.last_used_s)},
          {"revoked", seconds(key.revoked_s)},
          {"accessLevel", to_string(key.level)},
          {"isAdmin", key.level == Level::admin},
          {"enabled", !key.revoked_s.has_value()}};
}

Json invite_json(const Invite& invite, int64_t now_s) {
  const bool is_valid = !invite.revoked_s && invite.uses_left.value_or(1) > 0 &&
                        invite.expires_s.value_or(now_s + 1) > now_s;
  return {{"id", invite.id},
          {"uses_remaining", seconds(invite.uses_left)},
          {"used", invite.used},
          {"created_by", invite.created_by},
          {"created_at", invite.created_s},
          {"expires_at", seconds(invite.expires_s)},
          {"revoked_at", seconds(invite.revoked_s)},
          {"valid", is_valid}};
}

Json audit_json(const AuditEntry& entry) {
  return {{"id", entry.id},           {"time", entry.time_s},       {"action", entry.action},
          {"actor", entry.actor},     {"target", entry.target},     {"address", entry.address},
          {"result", entry.result},   {"request_id", entry.request}};
}

}  // namespace alice::accounts_door
