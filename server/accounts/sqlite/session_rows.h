#pragma once
// The rows of sessions and invites.

#include <vector>

#include "server/accounts/sqlite/account_database.h"
#include "server/accounts/user.h"

namespace alice {

/// As AccountStore says; what it throws is the outcome. `db` must outlive it.
class SessionRows {
 public:
  explicit SessionRows(AccountDatabase& db) : db_(db) {}

  Session add(const Session& session);
  std::vector<Session> all();
  bool note_seen(const std::string& id, int64_t now_s);
  int64_t remove(const std::vector<std::string>& ids);
  void remove_of_user(const std::string& user);

 private:
  AccountDatabase& db_;
  SQLite::Statement add_ = db_.prepare(
      "INSERT INTO sessions (id, user, hash, created_s, seen_s, address, agent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  SQLite::Statement list_ = db_.prepare(
      "SELECT id, user, hash, created_s, seen_s, address, agent FROM sessions ORDER BY created_s, rowid");
  SQLite::Statement note_seen_ = db_.prepare("UPDATE sessions SET seen_s = max(seen_s, ?2) WHERE id = ?1");
  SQLite::Statement remove_ = db_.prepare("DELETE FROM sessions WHERE id = ?1");
  SQLite::Statement remove_of_user_ = db_.prepare("DELETE FROM sessions WHERE user = ?1");
};

class InviteRows {
 public:
  explicit InviteRows(AccountDatabase& db) : db_(db) {}

  Invite add(const Invite& invite);
  std::vector<Invite> all();
  Invite revoke(const std::string& id, int64_t now_s);
  /// Takes a use. Error(not_found) at "invite_code".
  void use(const SecretHash& hash, int64_t now_s);

 private:
  Invite read(const StatementUse& use) const;
  std::optional<Invite> find(const std::string& id);

  AccountDatabase& db_;
  const std::string columns_ =
      "SELECT id, hash, uses_left, used, created_by, created_s, expires_s, revoked_s FROM invites ";
  SQLite::Statement add_ = db_.prepare(
      "INSERT INTO invites (id, hash, uses_left, created_by, created_s, expires_s) "
      "VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, nullif(?6, 0))");
  SQLite::Statement find_ = db_.prepare(columns_ + "WHERE id = ?1");
  SQLite::Statement list_ = db_.prepare(columns_ + "ORDER BY created_s, rowid");
  SQLite::Statement revoke_ = db_.prepare("UPDATE invites SET revoked_s = coalesce(revoked_s, ?2) WHERE id = ?1");
  SQLite::Statement use_ = db_.prepare(
      "UPDATE invites SET uses_left = uses_left - 1, used = used + 1 WHERE hash = ?1 AND revoked_s IS NULL "
      "AND coalesce(uses_left, 1) > 0 AND coalesce(expires_s, ?2 + 1) > ?2");
};

}  // namespace alice
