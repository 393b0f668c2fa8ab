#include "core/base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <random>
#include <system_error>
#include <utility>

#include "core/base/storage.h"

namespace alice {
namespace {

/// A name that no other writer takes, here or on another machine that shares the folder. Short, whatever the file's
/// name is.
std::string aside_name() {
  static std::atomic<unsigned> count{0};
  static const unsigned lot = std::random_device{}();
  return ".alice-" + std::to_string(::getpid()) + "-" + std::to_string(lot) + "-" + std::to_string(count++) + ".part";
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path file)
    : file_(std::move(file)), aside_(file_.parent_path() / aside_name()) {
  const std::filesystem::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
  std::error_code status;
  if (!std::filesystem::is_directory(folder, status))
    throw Error(ErrorCode::not_found, file_.string(), "cannot be written: there is no folder " + folder.string());
  descriptor_ = ::open(aside_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);  // less the process's umask
  if (descriptor_ < 0) fail("cannot be written");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(aside_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0) fail("cannot be brought to the disk");
  if (::rename(aside_.c_str(), file_.c_str()) != 0) fail("cannot be given its name");
  ::close(descriptor_);
  descriptor_ = -1;
  // The rename itself is only lasting once the folder is on the disk. Some file systems refuse that; the file is whole
  // anyway.
  const std::filesystem::path folder = file_.has_parent_path() ? file_.parent_path() : ".";
  const int folder_descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_descriptor < 0) return;
  ::fsync(folder_descriptor);
  ::close(folder_descriptor);
}

void AtomicFile::fail(const char* what) const {
  throw storage_error(file_.string(), what, errno);
}

}  // namespace alice
