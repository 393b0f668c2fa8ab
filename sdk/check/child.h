#pragma once
// A process that loads the plugin and runs checks: `alice-worker plugin run-checks FILE`.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace alice::check {

class Child {
 public:
  using Clock = std::chrono::steady_clock;

  /// Starts this program's own file anew. What it writes to standard output goes to standard error. Throws
  /// Error(internal) when the system has no process to give.
  Child(const std::filesystem::path& plugin, int64_t memory_mib);
  /// Ends it, whatever it does.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  struct Reply {
    std::string line;  ///< of JSON; "" when there is none
    std::string end;   ///< how the process ended instead: "was ended by SIGSEGV", "did not end within 60 s"
    bool is_late = false;  ///< it was ended for its silence
  };
  /// Sends a line and waits for one. After a reply with an `end` the child is of no more use.
  Reply ask(const std::string& line, std::chrono::seconds timeout);
  /// Closes the socket, so that the child ends by itself; "" when it did so with success.
  std::string let_end(std::chrono::seconds timeout);

 private:
  /// waitpid()'s status; empty when it did not end before `limit` and was killed.
  std::optional<int> wait_for_end(Clock::time_point limit);
  std::string how_it_ended(Clock::time_point limit, std::chrono::seconds timeout);

  pid_t process_ = -1;  ///< -1 when it has been waited for
  int socket_ = -1;
  std::string received_;
};

}  // namespace alice::check
