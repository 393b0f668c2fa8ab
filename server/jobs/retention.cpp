#include "server/jobs/retention.h"

namespace alice {

std::optional<RetentionReason> RetentionTally::verdict(int64_t finished_ms) const {
  if (rule_.spared_ms > 0 && now_ms_ - finished_ms < rule_.spared_ms) return std::nullopt;
  if (rule_.max_age_ms && now_ms_ - finished_ms > *rule_.max_age_ms) return RetentionReason::age;
  if (rule_.max_count && count_ > *rule_.max_count) return RetentionReason::count;
  if (rule_.max_bytes && bytes_ > *rule_.max_bytes) return RetentionReason::bytes;
  return std::nullopt;
}

}  // namespace alice
