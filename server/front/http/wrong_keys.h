#pragma once
// How often somebody may show a wrong key.

#include <cstdint>
#include <string>
#include <unordered_map>

namespace alice {

/// Ten a minute from one subscriber (Network::subscriber()): each wrong key empties a part of a bucket that fills again
/// evenly. One thread.
class WrongKeys {
 public:
  static constexpr int64_t kMost = 10, kWindowMs = 60'000;

  /// Notes a wrong key. False when it was one too many.
  bool may_be_told(const std::string& subscriber, int64_t now_ms);
  bool is_over(const std::string& subscriber, int64_t now_ms) const;
  /// Whole seconds until the next one, at least 1.
  int64_t retry_after_s(const std::string& subscriber, int64_t now_ms) const;
  /// That are remembered; at most kMostRemembered, however many come.
  size_t remembered() const { return full_at_ms_.size(); }
  static constexpr size_t kMostRemembered = 20'000;

 private:
  static constexpr int64_t kEachMs = kWindowMs / kMost;

  void forget_the_full(int64_t now_ms);

  /// When the bucket will be full again.
  std::unordered_map<std::string, int64_t> full_at_ms_;
};

}  // namespace alice
