#pragma once
// How this process's allocator (glibc's malloc) treats memory that is freed.

namespace alice {

/// Keeps freed blocks of up to 8 MB, and up to 64 MB at the heap's end, for those that come next. Left to itself, glibc
/// gives a tensor's memory back to the kernel as soon as it is freed, and each step of a small model then spends two
/// fifths of its time on page faults (reference/RESULTS.md). Does nothing where the environment sets the like
/// (MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_; mallopt(3)). At a program's start, before other threads.
void keep_freed_memory();

}  // namespace alice
