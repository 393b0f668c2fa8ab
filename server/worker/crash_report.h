#pragma once
// What a command says when a plugin's code ends its process: what the server says of a worker.

#include <string>

namespace alice {

/// From here until it is destroyed, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and exit() end the process with a line on
/// standard error ("alice: ended by SIGSEGV while it denoised, in code of ...") and kExitFailed. One at a time; the
/// signals of all threads. What happens in the handlers is async-signal-safe.
class CrashReport {
 public:
  CrashReport();
  ~CrashReport();
  CrashReport(const CrashReport&) = delete;
  CrashReport& operator=(const CrashReport&) = delete;

  /// The line's end: in_words(Whereabouts). What does not fit into a kilobyte is cut. One thread at a time.
  void is_doing(const std::string& where);
};

}  // namespace alice
