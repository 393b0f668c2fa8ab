#include "server/jobs/sqlite/database_place.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "core/base/storage.h"
#include "server/jobs/job.h"

namespace alice {
namespace {

namespace fs = std::filesystem;

/// SQLite's name for the write-ahead log of `file` (https://www.sqlite.org/walformat.html), and for its index.
std::string log_of(const std::string& file) { return file + "-wal"; }
std::string index_of(const std::string& file) { return file + "-shm"; }

std::string restored_copy_of(const std::string& file) { return file + ".restored"; }

fs::path folder_of(const std::string& file) { return fs::absolute(file).parent_path(); }

/// `how` it is opened: as a file or as a folder.
void sync_path(const std::string& path, int how) {
  const int descriptor = ::open(path.c_str(), how | O_CLOEXEC);
  if (descriptor < 0) throw storage_error(path, "cannot be opened", errno);
  const int failed = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (failed != 0) throw storage_error(path, "cannot be brought to the disk", failed);
}

void sync_folder_of(const std::string& file) { sync_path(folder_of(file).string(), O_RDONLY | O_DIRECTORY); }

void move(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw storage_error(from, "cannot be renamed", errno);
}

}  // namespace

DatabasePlace::DatabasePlace(std::string file)
    : file_(std::move(file)),
      log_(log_of(file_)),
      folder_(folder_of(file_), "the data folder"),
      file_identity_(identity_of(file_)),
      log_identity_(identity_of(log_)) {}

DatabasePlace::Identity DatabasePlace::identity_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return {0, 0};
  return {static_cast<uint64_t>(status.st_dev), static_cast<uint64_t>(status.st_ino)};
}

void DatabasePlace::check() const {
  check(file_, file_identity_);
  check(log_, log_identity_);
}

void DatabasePlace::check(const std::string& file, const Identity& opened) const {
  const Identity now = identity_of(file);
  if (now.device == opened.device && now.number == opened.number) return;
  throw Error(ErrorCode::storage_failed, file,
              std::string("the job database was ") + (now.number == 0 ? "deleted" : "replaced") +
                  " while the server runs");
}

void keep_restored_copy(const std::string& copy, const std::string& file) {
  sync_path(copy, O_WRONLY);
  move(copy, restored_copy_of(file));
  sync_folder_of(file);
}

void put_restored_in_place(const std::string& file) {
  const std::string copy = restored_copy_of(file);
  if (!fs::exists(copy)) return;
  if (fs::exists(file)) {
    const std::string aside = file + ".replaced-" + std::to_string(now_ms());
    move(file, aside);
    spdlog::warn("{} was not the database of this server's jobs; it is {} now", file, aside);
  }
  // Of another database, or in the copy already: SQLite would take them for this one's.
  for (const std::string& stale : {log_of(file), index_of(file)}) ::unlink(stale.c_str());
  move(copy, file);
  sync_folder_of(file);
  spdlog::warn("{} was written again, with every job", file);
}

}  // namespace alice
