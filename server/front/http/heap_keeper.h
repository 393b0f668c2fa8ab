#pragma once
// Gives memory back to the system after a burst. glibc keeps what was freed for itself: 4,000 connections, or some bodies
// of megabytes, would be seen in the process' size for ever.

#include <cstdint>

#include "server/front/http/helper_thread.h"

namespace alice {

class HeapKeeper {
 public:
  explicit HeapKeeper(HelperThread& helper) : helper_(helper) {}

  /// `now`: bytes held; `highest`: the most since the last look. Trims, on the helper's thread, when a few megabytes
  /// less are held than at the highest moment since the last trim, or when much more is resident than is in use (what
  /// other threads read and freed is counted nowhere else). Call it every second or so.
  void look(uint64_t now, uint64_t highest);

 private:
  static void trim_where_much_is_unused();

  HelperThread& helper_;
  uint64_t highest_ = 0;
};

}  // namespace alice
