#include "server/jobs/sqlite/usage.h"

#include "server/jobs/job_store.h"

namespace alice {
namespace {

constexpr int64_t kDayMs = 24 * 3600 * 1000;

}  // namespace

Usage::Usage(SQLite::Database& database)
    : count_(database, "SELECT coalesce(sum(pictures), 0) FROM picture_usage WHERE owner = ?1 AND at_ms > ?2"),
      add_(database, "INSERT INTO picture_usage (job, owner, at_ms, pictures) VALUES (?1, ?2, ?3, ?4)"),
      remove_(database, "DELETE FROM picture_usage WHERE job = ?1"),
      remove_old_(database, "DELETE FROM picture_usage WHERE owner = ?1 AND at_ms <= ?2") {}

void Usage::reserve(const Job& job, int64_t most) {
  const std::string& owner = job.request.owner;
  const int64_t wanted = job.request.generate.n, day_ago = job.created_ms - kDayMs;
  StatementUse(remove_old_, owner, day_ago).run();
  int64_t used = 0;
  {
    StatementUse use(count_, owner, day_ago);
    use.step();
    used = use.integer(0);
  }
  if (used + wanted > most)
    throw Error(ErrorCode::busy, kQuotaPlace,
                std::to_string(most) + " pictures may be asked for within 24 hours, " + std::to_string(used) +
                    " have been, and this asks for " + std::to_string(wanted) + " more");
  StatementUse(add_, job.id, owner, job.created_ms, wanted).run();
}

void Usage::release(const std::string& job) { StatementUse(remove_, job).run(); }

}  // namespace alice
