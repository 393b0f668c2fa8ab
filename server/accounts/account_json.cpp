#include "server/accounts/account_json.h"

namespace alice {

Json seconds_to_json(std::optional<int64_t> seconds) { return seconds ? Json(*seconds) : Json(nullptr); }

Json user_to_json(const User& user) {
  return {{"id", user.id},
          {"name", user.name},
          {"level", to_string(user.level)},
          {"state", to_string(user.state)},
          {"has_password", !user.password_hash.empty()},
          {"created", user.created_s}};
}

Json key_to_json(const AccessKey& key) {
  return {{"id", key.id},
          {"name", key.name},
          {"user", key.user_name},
          {"level", to_string(key.level)},
          {"scopes", key.scopes.words()},
          {"created", key.created_s},
          {"expires", seconds_to_json(key.expires_s)},
          {"last_used", seconds_to_json(key.last_used_s)},
          {"revoked", seconds_to_json(key.revoked_s)}};
}

}  // namespace alice
