#include "server/accounts/sqlite/audit_rows.h"

namespace alice {

AuditEntry AuditRows::add(AuditEntry entry) {
  StatementUse(add_, entry.time_s, entry.action, entry.actor, entry.target, entry.address, entry.result, entry.request)
      .run();
  entry.id = db_.database.getLastInsertRowid();
  return entry;
}

std::vector<AuditEntry> AuditRows::list(int64_t before, int64_t most) {
  std::vector<AuditEntry> entries;
  for (StatementUse use(list_, before, most); use.step();)
    entries.push_back({use.integer(0), use.integer(1), use.text(2), use.text(3), use.text(4), use.text(5), use.text(6),
                       use.text(7)});
  return entries;
}

int64_t AuditRows::trim(const AuditLimits& limits) {
  int64_t count = StatementUse(trim_old_, limits.oldest_s).run();
  count += StatementUse(trim_, int64_t{1}, limits.most_done).run();
  count += StatementUse(trim_, int64_t{0}, limits.most_failed).run();
  return count;
}

}  // namespace alice
