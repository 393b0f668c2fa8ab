#include "server/front/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "core/base/storage.h"

namespace alice {
namespace {

constexpr mode_t kOwnersAlone = 0600;

std::filesystem::path file_in(const std::filesystem::path& folder) { return folder / "lock"; }

/// What the holder wrote, or nothing yet.
std::string holder(int descriptor) {
  char text[32];
  const ssize_t count = pread(descriptor, text, sizeof text, 0);
  return count > 0 ? " (process " + std::string(text, static_cast<size_t>(count)) + ")" : "";
}

/// The locked file. Throws Error(storage_failed) or storage_full.
int locked(const std::filesystem::path& folder) {
  const int descriptor = open(file_in(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kOwnersAlone);
  if (descriptor < 0) throw storage_error(folder.string(), "the data directory cannot be written to", errno);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const int why = errno;
    const std::string other = holder(descriptor);
    close(descriptor);
    if (why != EWOULDBLOCK) throw storage_error(folder.string(), "the data directory cannot be locked", why);
    throw Error(ErrorCode::storage_failed, folder.string(),
                "another ALICE server" + other +
                    " uses this data directory: stop it, or give this one a data directory of its own");
  }
  (void)!fchmod(descriptor, kOwnersAlone);  // one that an earlier version made, was everybody's to hold
  const std::string pid = std::to_string(getpid());
  // For the sentence above alone: a disk that is full does not keep the server from starting.
  if (ftruncate(descriptor, 0) == 0) (void)!pwrite(descriptor, pid.data(), pid.size(), 0);
  return descriptor;
}

int locked_at_start(const std::filesystem::path& folder) {
  try {
    return locked(folder);
  } catch (const Error& e) {
    throw Error(ErrorCode::bad_config, e.place(), e.sentence());
  }
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) : folder_(folder), descriptor_(locked_at_start(folder)) {}

FolderLock::~FolderLock() { close(descriptor_); }

void FolderLock::check() const {
  struct stat held {}, there {};
  if (fstat(descriptor_, &held) == 0 && stat(file_in(folder_).c_str(), &there) == 0 && held.st_dev == there.st_dev &&
      held.st_ino == there.st_ino)
    return;
  throw Error(ErrorCode::storage_failed, file_in(folder_).string(),
              "the lock of the data directory was deleted or replaced while the server runs");
}

void FolderLock::restore() {
  try {
    check();
  } catch (const Error&) {
    close(std::exchange(descriptor_, locked(folder_)));
  }
}

}  // namespace alice
