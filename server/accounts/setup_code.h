#pragma once
// The word that whoever runs the server hands to the first administrator, so that it is not whoever comes first.

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "server/accounts/account.h"

namespace alice {

/// Kept in memory alone: the server that made it takes it. Any thread.
class SetupCode {
 public:
  static constexpr int64_t kCountsS = 30 * 60;
  static constexpr int kMostTries = 5;

  explicit SetupCode(std::function<int64_t()> now_s) : now_s_(std::move(now_s)) {}

  /// 43 letters. An earlier one counts no more.
  std::string make();
  /// True once, for the code that was made last, in its time. After kMostTries wrong ones it counts no more.
  bool take(const std::string& shown);

 private:
  const std::function<int64_t()> now_s_;
  std::mutex mutex_;
  SecretHash hash_{};
  int64_t ends_s_ = 0;
  int tries_ = 0;
};

}  // namespace alice
