#pragma once
// How often somebody may show a wrong key.

#include <cstdint>
#include <string>

#include "server/front/http/buckets.h"

namespace alice {

/// Ten a minute from one subscriber (Network::subscriber()). One thread.
class WrongKeys {
 public:
  static constexpr int64_t kMost = 10, kWindowMs = Buckets::kWindowMs;

  /// Notes a wrong key. False when it was one too many.
  bool may_be_told(const std::string& subscriber, int64_t now_ms) { return buckets_.take(subscriber, now_ms); }
  bool is_over(const std::string& subscriber, int64_t now_ms) const { return buckets_.left(subscriber, now_ms) < 1; }
  /// Whole seconds until the next one, at least 1.
  int64_t retry_after_s(const std::string& subscriber, int64_t now_ms) const {
    return buckets_.next_after_s(subscriber, now_ms);
  }
  /// That are remembered; at most kMostRemembered, however many come.
  size_t remembered() const { return buckets_.remembered(); }
  static constexpr size_t kMostRemembered = Buckets::kMostRemembered;

 private:
  Buckets buckets_{kMost};
};

}  // namespace alice
