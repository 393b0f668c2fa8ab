#pragma once
// The rows of the audit.

#include <vector>

#include "server/accounts/account_store.h"
#include "server/accounts/sqlite/account_database.h"

namespace alice {

/// As AccountStore says; what it throws is the outcome. `db` must outlive it.
class AuditRows {
 public:
  explicit AuditRows(AccountDatabase& db) : db_(db) {}

  AuditEntry add(AuditEntry entry);
  std::vector<AuditEntry> list(int64_t before, int64_t most);
  int64_t trim(const AuditLimits& limits);

 private:
  AccountDatabase& db_;
  SQLite::Statement add_ = db_.prepare(
      "INSERT INTO audit (time_s, action, actor, target, address, result, request) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  SQLite::Statement list_ = db_.prepare(
      "SELECT id, time_s, action, actor, target, address, result, request FROM audit WHERE ?1 = 0 OR id < ?1 "
      "ORDER BY id DESC LIMIT ?2");
  SQLite::Statement trim_old_ = db_.prepare("DELETE FROM audit WHERE time_s < ?1");
  SQLite::Statement trim_ = db_.prepare(
      "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE (result = 'ok') = ?1 ORDER BY id DESC "
      "LIMIT -1 OFFSET ?2)");
};

}  // namespace alice
