#pragma once
// How much memory a process has to itself.

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace alice {

/// Bytes that only the process's end gives back: anonymous and shared memory, resident or swapped out. Mapped files,
/// such as weights, are not counted: the kernel drops their pages when it wants room. Nothing when there is no such
/// process.
std::optional<int64_t> private_memory(pid_t process);

}  // namespace alice
