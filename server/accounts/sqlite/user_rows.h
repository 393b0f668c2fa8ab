#pragma once
// The rows of users.

#include <optional>
#include <vector>

#include "server/accounts/sqlite/account_database.h"
#include "server/accounts/user.h"

namespace alice {

/// As AccountStore says; what it throws is the outcome. `db` must outlive it.
class UserRows {
 public:
  explicit UserRows(AccountDatabase& db) : db_(db) {}

  /// The id of the one of that name, made where there is none. Error(bad_request) at "user".
  std::string active_called(const std::string& name, int64_t now_s);
  User add(User user);
  std::vector<User> all();
  /// Error(not_found).
  User called(const std::string& id);
  User change(const UserChange& change);
  void remove(const std::string& id);

 private:
  User read(const StatementUse& use) const;

  AccountDatabase& db_;
  const std::string columns_ = "SELECT id, name, password, level, state, created_s FROM users ";
  SQLite::Statement find_ = db_.prepare(columns_ + "WHERE id = ?1");
  SQLite::Statement find_name_ = db_.prepare(columns_ + "WHERE name = ?1");
  SQLite::Statement find_like_ = db_.prepare(columns_ + "WHERE lower(name) = lower(?1)");
  SQLite::Statement list_ = db_.prepare(columns_ + "ORDER BY created_s, rowid");
  SQLite::Statement add_ = db_.prepare(
      "INSERT INTO users (id, name, password, level, state, created_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  SQLite::Statement change_ =
      db_.prepare("UPDATE users SET password = ?2, level = ?3, state = ?4 WHERE id = ?1");
  SQLite::Statement remove_ = db_.prepare("DELETE FROM users WHERE id = ?1");
};

}  // namespace alice
