#pragma once
// Disks that are full, read-only or gone: how that is called, and how much of a disk is never used.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "core/base/error.h"

namespace alice {

/// What a write that failed with this errno means: storage_full for want of room (ENOSPC, EDQUOT, EFBIG), else
/// storage_failed.
ErrorCode storage_code(int error_number);

/// "`what`: no space left on device", with the code of above.
Error storage_error(const std::string& place, const std::string& what, int error_number);

struct DiskSpace {
  int64_t free = 0, size = 0;  ///< bytes; free for this process
};
/// Of the file system that `folder` is on; nothing when it cannot be told.
std::optional<DiskSpace> disk_space(const std::filesystem::path& folder);

/// Most of what is kept free when nothing else is said.
inline constexpr int64_t kLargestReserve = 256'000'000;
/// How much of a disk is kept free: a twentieth of it, but not more than `most` bytes.
int64_t reserve_of(const DiskSpace& space, int64_t most);

/// Throws Error(storage_full) at `folder` when `bytes` more would leave less free than reserve_of(). A disk of which
/// nothing can be told has room: writing will say.
void check_room(const std::filesystem::path& folder, int64_t bytes, int64_t most_reserve);

}  // namespace alice
