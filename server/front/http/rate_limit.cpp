#include "server/front/http/rate_limit.h"

#include <spdlog/fmt/fmt.h>

#include "server/front/http/api_error.h"

namespace alice {

Headers RateLimit::headers(const Caller& caller, int64_t now_ms) const {
  const int64_t most = buckets_.most(), left = buckets_.left(caller.client, now_ms),
                reset = buckets_.full_after_s(caller.client, now_ms);
  return {{"RateLimit-Policy", fmt::format("\"requests\";q={};w=60", most)},
          {"RateLimit", fmt::format("\"requests\";r={};t={}", left, reset)},
          {"x-ratelimit-limit-requests", std::to_string(most)},
          {"x-ratelimit-remaining-requests", std::to_string(left)},
          {"x-ratelimit-reset-requests", fmt::format("{}s", reset)}};
}

Headers RateLimit::count(const Caller& caller, const Route& route, int64_t now_ms) {
  const bool is_open = route.level == Level::anonymous || route.is_probe || route.takes_signature;
  const bool is_counted = has_limit_ && caller.is_limited && !is_open;
  if (!is_counted) return {};
  if (buckets_.take(caller.client, now_ms)) return headers(caller, now_ms);
  ApiError error(429, "rate_limited",
                 fmt::format("this key may be used {} times a minute (server.requests_per_minute)", buckets_.most()));
  error.again = true;
  error.headers = headers(caller, now_ms);
  error.headers.emplace_back("Retry-After", std::to_string(buckets_.next_after_s(caller.client, now_ms)));
  throw error;
}

}  // namespace alice
