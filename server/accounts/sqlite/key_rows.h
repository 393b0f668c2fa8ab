#pragma once
// The rows of keys.

#include <optional>
#include <vector>

#include "server/accounts/sqlite/account_database.h"
#include "server/accounts/sqlite/user_rows.h"

namespace alice {

/// As AccountStore says; what it throws is the outcome. `db` must outlive it.
class KeyRows {
 public:
  explicit KeyRows(AccountDatabase& db) : db_(db) {}

  AccessKey add(AccessKey key, UserRows& users);
  std::vector<AccessKey> all();
  std::vector<AccessKey> of_user(const std::string& user);
  AccessKey revoke(const std::string& id, int64_t now_s);
  /// `admins_only`: those that could be used as an administrator's.
  void revoke_of_user(const std::string& user, bool admins_only, int64_t now_s);
  void remove_of_user(const std::string& user);
  bool note_used(const std::string& id, int64_t now_s);

 private:
  AccessKey read(const StatementUse& use) const;
  std::optional<AccessKey> find(const std::string& id);

  AccountDatabase& db_;
  const std::string columns_ =
      "SELECT keys.id, keys.name, user, users.name, keys.level, scopes, hash, keys.created_s, expires_s, last_used_s, "
      "revoked_s FROM keys JOIN users ON users.id = keys.user ";
  SQLite::Statement add_ = db_.prepare(
      "INSERT INTO keys (id, user, name, level, scopes, hash, created_s, expires_s) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0))");
  SQLite::Statement find_ = db_.prepare(columns_ + "WHERE keys.id = ?1");
  SQLite::Statement list_ = db_.prepare(columns_ + "ORDER BY keys.created_s, keys.rowid");
  SQLite::Statement list_of_user_ = db_.prepare(columns_ + "WHERE user = ?1 ORDER BY keys.created_s, keys.rowid");
  SQLite::Statement revoke_ = db_.prepare("UPDATE keys SET revoked_s = coalesce(revoked_s, ?2) WHERE id = ?1");
  SQLite::Statement revoke_of_user_ = db_.prepare(
      "UPDATE keys SET revoked_s = coalesce(revoked_s, ?3) WHERE user = ?1 AND (?2 = 0 OR level = 'admin')");
  SQLite::Statement remove_of_user_ = db_.prepare("DELETE FROM keys WHERE user = ?1");
  SQLite::Statement note_used_ =
      db_.prepare("UPDATE keys SET last_used_s = max(coalesce(last_used_s, 0), ?2) WHERE id = ?1");
};

}  // namespace alice
