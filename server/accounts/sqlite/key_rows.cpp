#include "server/accounts/sqlite/key_rows.h"

namespace alice {

AccessKey KeyRows::read(const StatementUse& use) const {
  AccessKey key;
  key.id = use.text(0);
  key.name = use.text(1);
  key.user = use.text(2);
  key.user_name = use.text(3);
  const auto level = level_from(use.text(4));
  const auto scopes = Scopes::from(use.text(5));
  if (!level || !scopes || !read_hash(use.text(6), key.hash)) throw db_.never_written("the key " + key.id);
  key.level = *level;
  key.scopes = *scopes;
  key.created_s = use.integer(7);
  key.expires_s = use.optional_integer(8);
  key.last_used_s = use.optional_integer(9);
  key.revoked_s = use.optional_integer(10);
  return key;
}

std::optional<AccessKey> KeyRows::find(const std::string& id) {
  StatementUse use(find_, id);
  return use.step() ? std::optional(read(use)) : std::nullopt;
}

AccessKey KeyRows::add(AccessKey key, UserRows& users) {
  if (find(key.id)) throw Error(ErrorCode::bad_request, "id", "there is a key of this id already");
  key.user = users.active_called(key.user_name, key.created_s);
  StatementUse(add_, key.id, key.user, key.name, std::string(to_string(key.level)), key.scopes.words(),
               hash_text(key.hash), key.created_s, key.expires_s.value_or(0))
      .run();
  return key;
}

std::vector<AccessKey> KeyRows::all() {
  std::vector<AccessKey> keys;
  for (StatementUse use(list_); use.step();) keys.push_back(read(use));
  return keys;
}

std::vector<AccessKey> KeyRows::of_user(const std::string& user) {
  std::vector<AccessKey> keys;
  for (StatementUse use(list_of_user_, user); use.step();) keys.push_back(read(use));
  return keys;
}

AccessKey KeyRows::revoke(const std::string& id, int64_t now_s) {
  StatementUse(revoke_, id, now_s).run();
  auto key = find(id);
  if (!key) throw Error(ErrorCode::not_found, "id", "there is no key of this id");
  return *key;
}

void KeyRows::revoke_of_user(const std::string& user, bool admins_only, int64_t now_s) {
  StatementUse(revoke_of_user_, user, int64_t{admins_only}, now_s).run();
}

void KeyRows::remove_of_user(const std::string& user) { StatementUse(remove_of_user_, user).run(); }

bool KeyRows::note_used(const std::string& id, int64_t now_s) {
  return StatementUse(note_used_, id, now_s).run() == 1;
}

}  // namespace alice
