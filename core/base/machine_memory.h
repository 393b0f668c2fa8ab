#pragma once
// How much memory there is for this process and those that it starts.

#include <cstdint>
#include <filesystem>
#include <optional>

namespace alice {

/// Bytes that may still be taken before the kernel looks for somebody to end: what is available on the machine, or less
/// where a control group that we are in (version 1 or 2) or one above it has less left. Nothing where neither is told.
/// `root`: where /proc and /sys are looked for. Sources: proc(5), MemAvailable; Linux's
/// Documentation/admin-guide/cgroup-v2.rst, memory.max and memory.current. Any thread.
std::optional<int64_t> available_memory(const std::filesystem::path& root = "/");

/// What this process has in memory now, its own pages and those of mapped files: VmRSS of proc(5). 0 when it is not
/// told.
int64_t resident_memory();
/// Of these the pages that only this process's end gives back: RssAnon, RssShmem and VmSwap.
int64_t own_memory();

}  // namespace alice
