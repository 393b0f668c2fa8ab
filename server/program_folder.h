#pragma once
// Where this program's file lies: its plugins, its models and its sibling program are found beside it.

#include <filesystem>
#include <system_error>

#include "core/base/error.h"

namespace alice {

/// Absolute, links followed, so that a link in /usr/local/bin finds the real folder. Throws Error(internal) where there
/// is no /proc. Any thread.
inline std::filesystem::path program_folder() {
  std::error_code status;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", status);
  if (status)
    throw Error(ErrorCode::internal, "/proc/self/exe", "cannot be read: " + status.message() + "; is /proc mounted?");
  return program.parent_path();
}

}  // namespace alice
