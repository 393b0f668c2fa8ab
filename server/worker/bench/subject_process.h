#pragma once
// A process that holds one subject and measures it when it is told to: `alice-worker bench-subject`, started by
// `alice bench`. So the peak of its memory is its own, each subject has its own configuration, threads and plugins, and
// no cache, pool or heap of one is of use or harm to the other.
//
// They speak over a socket that is the process's standard input, a line of JSON each way:
//   at the start         -> {"facts": ...}
//   {"run": "step"}      -> {"run": ...}
//   {"memory": true}     -> {"peak_rss_bytes": 3480000000}
// and {"error": {"code", "place", "sentence"}} in place of each answer. It ends when the socket does.

#include <sys/types.h>

#include <cstdio>
#include <optional>
#include <string>

#include "server/worker/bench/subject.h"

namespace alice::bench {

/// As on the command line; "" when not given.
struct SubjectOrder {
  std::string model;
  std::string backend;
  std::string config_file, models_directory;
  std::optional<int64_t> size;
};

/// The end of it that `alice bench` holds. Belongs to one thread.
class SubjectProcess {
 public:
  /// Starts this program's own file anew, with the environment of the server's workers, and waits until the model is
  /// loaded. Throws what the process reports, and Error(internal) when there is none to start or it has ended.
  explicit SubjectProcess(const SubjectOrder& order);
  /// Ends it, whatever it does.
  ~SubjectProcess();
  SubjectProcess(const SubjectProcess&) = delete;
  SubjectProcess& operator=(const SubjectProcess&) = delete;

  const SubjectFacts& facts() const { return facts_; }
  /// Both throw as the constructor.
  StageRun run(Stage stage);
  /// The most memory that it has had so far, mapped files included.
  int64_t peak_memory();

 private:
  struct Started {
    pid_t process;
    int socket;
  };
  static Started start(const SubjectOrder& order);
  SubjectProcess(const SubjectOrder& order, Started started);

  Json ask(const Json& order);
  Json answer();
  [[noreturn]] void throw_end();

  const std::string name_;  // for messages
  pid_t process_;           // -1 when it has been waited for
  FILE* const socket_;
  SubjectFacts facts_;
};

/// What that process does, until its standard input ends: an end of a socket. For people it answers nothing.
void serve_subject(Composer& composer, const SubjectOrder& order);

}  // namespace alice::bench
