#pragma once
// Runs a program as a user would and keeps what it said.

#include <sys/wait.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace alice::test {

struct Outcome {
  int exit_code = -1;
  std::string output;  ///< standard output, then, where `command` says 2>&1, standard error too
};

/// `command` is given to sh. Throws std::runtime_error when it could not be run or was ended by a signal.
inline Outcome run_program(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  Outcome outcome;
  char buffer[4096];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) outcome.output.append(buffer, n);
  const int status = pclose(pipe);
  if (!WIFEXITED(status)) throw std::runtime_error(command + " was ended by a signal; it said: " + outcome.output);
  outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

}  // namespace alice::test
