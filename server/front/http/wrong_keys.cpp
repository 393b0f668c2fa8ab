#include "server/front/http/wrong_keys.h"

#include <algorithm>

namespace alice {

bool WrongKeys::may_be_told(const std::string& subscriber, int64_t now_ms) {
  if (is_over(subscriber, now_ms)) return false;
  if (full_at_ms_.size() >= kMostRemembered) forget_the_full(now_ms);
  int64_t& full_at = full_at_ms_[subscriber];
  full_at = std::max(full_at, now_ms) + kEachMs;
  return true;
}

bool WrongKeys::is_over(const std::string& subscriber, int64_t now_ms) const {
  const auto found = full_at_ms_.find(subscriber);
  return found != full_at_ms_.end() && found->second - now_ms > kWindowMs - kEachMs;
}

int64_t WrongKeys::retry_after_s(const std::string& subscriber, int64_t now_ms) const {
  const auto found = full_at_ms_.find(subscriber);
  if (found == full_at_ms_.end()) return 1;
  return std::max<int64_t>(1, (found->second - now_ms - (kWindowMs - kEachMs) + 999) / 1000);
}

/// Where all have shown wrong keys within the minute, all are forgiven: memory is worth more than their guesses.
void WrongKeys::forget_the_full(int64_t now_ms) {
  for (auto at = full_at_ms_.begin(); at != full_at_ms_.end();)
    at = at->second <= now_ms ? full_at_ms_.erase(at) : std::next(at);
  if (full_at_ms_.size() >= kMostRemembered) full_at_ms_.clear();
}

}  // namespace alice
