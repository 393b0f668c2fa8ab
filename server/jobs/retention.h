#pragma once
// What is kept of what has been made, and for how long.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/picture_file.h"

namespace alice {

/// Of one kind of things: the oldest go until every rule that is given holds. Without a rule everything stays.
struct RetentionRule {
  std::optional<int64_t> max_age_ms;  ///< since a thing was finished
  std::optional<int64_t> max_count;
  std::optional<int64_t> max_bytes;
  int64_t spared_ms = 0;  ///< what is younger stays, whatever there is

  bool keeps_all() const { return !max_age_ms && !max_count && !max_bytes; }
};

/// What was made within the hour is looked at still.
inline constexpr int64_t kSparedMs = 3600 * 1000;

struct Retention {
  RetentionRule jobs;      ///< that have ended; bytes are the database's
  RetentionRule pictures;  ///< files of jobs that stay
  RetentionRule records;   ///< of jobs that wait to go on
};

enum class RetentionReason { age, count, bytes };

/// Goes with the things of one kind, oldest first, and says which are removed.
class RetentionTally {
 public:
  /// `count` and `bytes`: of all things of the kind, now.
  RetentionTally(const RetentionRule& rule, int64_t now_ms, int64_t count, int64_t bytes)
      : rule_(rule), now_ms_(now_ms), count_(count), bytes_(bytes) {}

  /// Why a thing that was finished then is removed; nothing when it stays, and with it all that are younger.
  std::optional<RetentionReason> verdict(int64_t finished_ms) const;
  /// The thing is gone.
  void removed(int64_t bytes) { --count_, bytes_ -= bytes; }
  void set_bytes(int64_t bytes) { bytes_ = bytes; }

 private:
  const RetentionRule rule_;
  const int64_t now_ms_;
  int64_t count_, bytes_;
};

struct ExpiredPicture {
  PictureFile picture;
  RetentionReason reason;
};
struct ExpiredJob {
  std::string id;
  std::vector<PictureFile> pictures;  ///< whose files are there still
  RetentionReason reason;
};

}  // namespace alice
