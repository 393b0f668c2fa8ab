#include "server/front/retention_settings.h"

#include <algorithm>

namespace alice {
namespace {

RetentionRule rule_of(const RetentionLimits& limits) {
  RetentionRule rule = {std::nullopt, limits.max_count, limits.max_size};
  if (limits.max_age_s) rule.max_age_ms = static_cast<int64_t>(*limits.max_age_s * 1000);
  return rule;
}

template <class T>
std::optional<T> smaller(const std::optional<T>& one, T other) {
  if (other <= 0) return one;
  return std::min(one.value_or(other), other);
}

/// With what the original's two words say of pictures.
RetentionLimits picture_limits(const ServerConfig& server) {
  constexpr double kDay = 24 * 3600, kGigabyte = 1e9;
  RetentionLimits limits = server.retained_pictures;
  limits.max_age_s = smaller(limits.max_age_s, server.retention_days * kDay);
  limits.max_size = smaller(limits.max_size, static_cast<int64_t>(server.max_storage_gb * kGigabyte));
  return limits;
}

}  // namespace

Retention retention_of(const ServerConfig& server) {
  Retention retention = {rule_of(server.retained_jobs), rule_of(picture_limits(server)),
                         rule_of(server.retained_records)};
  retention.jobs.spared_ms = retention.pictures.spared_ms = kSparedMs;
  return retention;
}

}  // namespace alice
