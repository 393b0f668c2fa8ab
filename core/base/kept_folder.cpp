#include "core/base/kept_folder.h"

#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "core/base/atomic_file.h"
#include "core/base/storage.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

constexpr size_t kProbeBytes = 4096;
constexpr mode_t kOwnersAlone = 0700, kOthers = 0077;

/// Like mkdir -p, but what is made is its owner's alone, whatever the umask.
std::error_code make_private(const fs::path& folder) {
  std::error_code fault;
  if (fs::is_directory(folder, fault)) return {};
  if (folder.has_parent_path() && folder.parent_path() != folder)
    if (const std::error_code above = make_private(folder.parent_path())) return above;
  if (::mkdir(folder.c_str(), kOwnersAlone) == 0 || errno == EEXIST) return {};
  return {errno, std::generic_category()};
}

/// Nothing when it is not there.
std::optional<uint64_t> device_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return static_cast<uint64_t>(status.st_dev);
}

/// Of the first of `path` and what is above it that is there.
std::optional<uint64_t> device_above(fs::path path) {
  for (;; path = path.parent_path()) {
    if (const auto device = device_of(path)) return device;
    if (path == path.parent_path()) return std::nullopt;
  }
}

}  // namespace

KeptFolder::KeptFolder(fs::path folder, std::string what)
    : folder_(fs::absolute(std::move(folder)).lexically_normal()), what_(std::move(what)) {
  std::error_code fault = make_private(folder_);
  if (!fault && !fs::is_directory(folder_, fault)) fault = std::make_error_code(std::errc::not_a_directory);
  if (fault) throw Error(ErrorCode::bad_config, folder_.string(), what_ + " cannot be made: " + fault.message());
  device_ = device_of(folder_).value_or(0);
}

void KeptFolder::check() const {
  const auto device = device_of(folder_);
  if (!device.has_value()) throw Error(ErrorCode::storage_failed, folder_.string(), what_ + " is not there any more");
  if (*device != device_)
    throw Error(ErrorCode::storage_failed, folder_.string(),
                what_ + " is on another disk than when the server started: mount the old one, or start the server anew");
}

void KeptFolder::restore() const {
  if (!device_of(folder_).has_value() && device_above(folder_) == device_) {
    if (const std::error_code fault = make_private(folder_))
      throw storage_error(folder_.string(), what_ + " cannot be made again", fault.value());
  }
  check();
}

void KeptFolder::try_writing() const {
  try {
    AtomicFile(folder_ / "probe").write(std::string(kProbeBytes, '\0'));  // gone again at once
  } catch (const Error& e) {
    throw Error(e.code() == ErrorCode::not_found ? ErrorCode::storage_failed : e.code(), folder_.string(),
                what_ + " " + e.sentence());
  }
}

bool KeptFolder::is_open_to_others() const {
  struct stat status {};
  return ::stat(folder_.c_str(), &status) == 0 && (status.st_mode & kOthers) != 0;
}

}  // namespace alice
