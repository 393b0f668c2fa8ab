#include "server/front/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "core/base/error.h"

namespace alice {
namespace {

/// What the holder wrote, or nothing yet.
std::string holder(int descriptor) {
  char text[32];
  const ssize_t count = pread(descriptor, text, sizeof text, 0);
  return count > 0 ? " (process " + std::string(text, static_cast<size_t>(count)) + ")" : "";
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder)
    : descriptor_(open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  const auto refuse = [&](const std::string& why) {
    if (descriptor_ >= 0) close(descriptor_);
    throw Error(ErrorCode::bad_config, folder.string(), why);
  };
  if (descriptor_ < 0) refuse("the data directory cannot be written to: " + std::generic_category().message(errno));
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) refuse("the data directory cannot be locked: " + std::generic_category().message(errno));
    refuse("another ALICE server" + holder(descriptor_) +
           " uses this data directory: stop it, or give this one a data directory of its own");
  }
  const std::string pid = std::to_string(getpid());
  // For the sentence above alone: a disk that is full does not keep the server from starting.
  if (ftruncate(descriptor_, 0) == 0) (void)!pwrite(descriptor_, pid.data(), pid.size(), 0);
}

FolderLock::~FolderLock() { close(descriptor_); }

}  // namespace alice
