#pragma once
// How often a caller may call.

#include <cstdint>

#include "server/front/http/buckets.h"
#include "server/front/http/caller.h"
#include "server/front/http/headers.h"
#include "server/front/http/router.h"

namespace alice {

/// So many requests a minute of each key of level user, and of each user who is signed in; pictures, and what is open
/// to all, are not counted. One thread.
class RateLimit {
 public:
  /// `per_minute` 0: any.
  explicit RateLimit(int64_t per_minute) : has_limit_(per_minute > 0), buckets_(per_minute > 0 ? per_minute : 1) {}

  /// Counts a request. The headers that its answer bears: RateLimit and RateLimit-Policy
  /// (draft-ietf-httpapi-ratelimit-headers-09), and OpenAI's x-ratelimit-*; none where nothing is counted. Throws
  /// ApiError 429, which bears them too, when it was one too many.
  Headers count(const Caller& caller, const Route& route, int64_t now_ms);

 private:
  Headers headers(const Caller& caller, int64_t now_ms) const;

  const bool has_limit_;
  Buckets buckets_;
};

}  // namespace alice
