#pragma once
// Runs programs and waits for their ends.

#include <filesystem>
#include <string>
#include <vector>

namespace alice {

struct ProcessEnd {
  int exit_code = 0;   ///< 128 and the signal's number where one ended it, as in shells
  std::string output;  ///< what was to be kept
};

/// What becomes of what a program writes.
enum class Streams {
  shown,    ///< nothing is kept
  kept,     ///< both
  answers,  ///< standard output is kept, standard error is shown
};

/// words[0] is looked for in the PATH unless it has a '/'. It runs in `folder` with the environment of a worker. Throws
/// Error(not_found) at words[0] when there is no such program, Error(internal) when it cannot be started.
ProcessEnd run_program(std::vector<std::string> words, const std::filesystem::path& folder, Streams streams);

}  // namespace alice
