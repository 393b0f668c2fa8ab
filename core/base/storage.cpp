#include "core/base/storage.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace alice {
namespace {

constexpr int64_t kReservedPart = 20;  // a twentieth

std::string kilobytes(int64_t bytes) { return std::to_string(bytes / 1000) + " kB"; }

}  // namespace

ErrorCode storage_code(int error_number) {
  const bool no_room = error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG;
  return no_room ? ErrorCode::storage_full : ErrorCode::storage_failed;
}

Error storage_error(const std::string& place, const std::string& what, int error_number) {
  return {storage_code(error_number), place, what + ": " + std::generic_category().message(error_number)};
}

std::optional<DiskSpace> disk_space(const std::filesystem::path& folder) {
  struct statvfs status {};
  if (::statvfs(folder.c_str(), &status) != 0 || status.f_blocks == 0) return std::nullopt;
  const auto block = static_cast<int64_t>(status.f_frsize);
  return DiskSpace{static_cast<int64_t>(status.f_bavail) * block, static_cast<int64_t>(status.f_blocks) * block};
}

int64_t reserve_of(const DiskSpace& space, int64_t most) { return std::min(space.size / kReservedPart, most); }

void check_room(const std::filesystem::path& folder, int64_t bytes, int64_t most_reserve) {
  const auto space = disk_space(folder);
  if (!space.has_value()) return;
  const int64_t reserve = reserve_of(*space, most_reserve);
  if (space->free - bytes >= reserve) return;
  throw Error(ErrorCode::storage_full, folder.string(),
              "the disk is nearly full: " + kilobytes(space->free) + " are left, and " + kilobytes(reserve) +
                  " are kept free (storage.reserve)");
}

}  // namespace alice
