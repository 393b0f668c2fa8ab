#pragma once
// What a process holds, and what of it was left behind: threads, open files, memory.

#include <cstddef>
#include <string>

namespace alice::check {

struct ProcessState {
  size_t threads = 0;
  size_t files = 0;
  size_t bytes = 0;  ///< handed out by malloc

  static ProcessState now();
  /// When this was called first: the runner does so before it loads the plugin.
  static const ProcessState& at_start();

  /// "" when there are no more threads and open files than there were; else a sentence. A thread that is about to end
  /// is waited for, for some seconds.
  std::string what_is_left() const;
};

}  // namespace alice::check
