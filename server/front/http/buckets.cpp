#include "server/front/http/buckets.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace alice {
namespace {

constexpr double kRounding = 1e-6;  // of sums of each_ms_

int64_t whole_seconds(double ms) { return static_cast<int64_t>(std::ceil(ms / 1000 - kRounding)); }

}  // namespace

/// Until the bucket is full.
double Buckets::owed_ms(const std::string& who, int64_t now_ms) const {
  const auto found = full_at_ms_.find(who);
  return found == full_at_ms_.end() ? 0 : std::max(0.0, found->second - static_cast<double>(now_ms));
}

bool Buckets::take(const std::string& who, int64_t now_ms) {
  if (left(who, now_ms) < 1) return false;
  if (full_at_ms_.size() >= kMostRemembered) forget_the_full(now_ms);
  full_at_ms_[who] = static_cast<double>(now_ms) + owed_ms(who, now_ms) + each_ms_;
  return true;
}

void Buckets::give_back(const std::string& who) {
  const auto found = full_at_ms_.find(who);
  if (found != full_at_ms_.end()) found->second -= each_ms_;
}

int64_t Buckets::left(const std::string& who, int64_t now_ms) const {
  const double there_ms = static_cast<double>(window_ms_) - owed_ms(who, now_ms);
  return static_cast<int64_t>(std::floor(there_ms / each_ms_ + kRounding));
}

int64_t Buckets::next_after_s(const std::string& who, int64_t now_ms) const {
  return std::max<int64_t>(1, whole_seconds(owed_ms(who, now_ms) - (static_cast<double>(window_ms_) - each_ms_)));
}

int64_t Buckets::full_after_s(const std::string& who, int64_t now_ms) const {
  return whole_seconds(owed_ms(who, now_ms));
}

/// Where nobody's is full, all are forgiven: memory is worth more than their times.
void Buckets::forget_the_full(int64_t now_ms) {
  for (auto at = full_at_ms_.begin(); at != full_at_ms_.end();)
    at = at->second <= static_cast<double>(now_ms) ? full_at_ms_.erase(at) : std::next(at);
  if (full_at_ms_.size() >= kMostRemembered) full_at_ms_.clear();
}

}  // namespace alice
