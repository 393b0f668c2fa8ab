#include "server/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "core/base/error.h"

namespace alice {
namespace {

constexpr mode_t kOwnersAlone = 0600;

}  // namespace

LogFile::LogFile(std::filesystem::path file, int64_t max_bytes, int64_t backups, const std::string& place)
    : file_(std::move(file)), max_bytes_(max_bytes), backups_(backups) {
  std::error_code fault;  // opening says
  if (file_.has_parent_path()) std::filesystem::create_directories(file_.parent_path(), fault);
  if (open()) return;
  const std::string why = std::strerror(errno);
  throw Error(ErrorCode::bad_config, place, "the log file cannot be opened: " + file_.string() + ": " + why);
}

LogFile::~LogFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

/// False, with errno, when it cannot be opened.
bool LogFile::open() {
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, kOwnersAlone);
  if (descriptor_ < 0) return false;
  struct stat status {};
  is_regular_ = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  size_ = is_regular_ ? status.st_size : 0;
  if (is_regular_) (void)!::fchmod(descriptor_, kOwnersAlone);
  return true;
}

void LogFile::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (lost_ > 0) {
    const std::string words = "lines are missing here, for they could not be written: " + std::to_string(lost_);
    const spdlog::details::log_msg gap(message.time, {}, message.logger_name, spdlog::level::warn, words);
    spdlog::memory_buf_t text;
    formatter_->format(gap, text);
    text.append(line);
    line = std::move(text);
  }
  if (!make_room(line.size()) || !write(line.data(), line.size())) return lose(errno);
  if (std::exchange(lost_, 0) > 0) std::fprintf(stderr, "%s is written again\n", file_.c_str());
}

/// Of a line that was written in part the part is taken back.
bool LogFile::write(const char* bytes, size_t count) {
  const ssize_t written = ::write(descriptor_, bytes, count);
  if (written == static_cast<ssize_t>(count)) {
    if (is_regular_) size_ += written;
    return true;
  }
  const int why = written < 0 ? errno : ENOSPC;
  if (written > 0) (void)!::ftruncate(descriptor_, size_);
  errno = why;
  return false;
}

/// Opens the file when it is not open or not there any more, and rotates it when it would grow too large.
bool LogFile::make_room(size_t count) {
  struct stat there {}, open_one {};
  const bool is_there = descriptor_ >= 0 && ::stat(file_.c_str(), &there) == 0 &&
                        ::fstat(descriptor_, &open_one) == 0 && there.st_ino == open_one.st_ino &&
                        there.st_dev == open_one.st_dev;
  const bool is_full = is_there && size_ > 0 && size_ + static_cast<int64_t>(count) > max_bytes_;
  if (is_there && !is_full) return true;
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (is_full) {
    for (int64_t number = backups_; number > 1; --number) ::rename(backup(number - 1).c_str(), backup(number).c_str());
    if (backups_ > 0)
      ::rename(file_.c_str(), backup(1).c_str());
    else
      ::unlink(file_.c_str());
  }
  return open();
}

/// alice.log, 2 -> alice.2.log
std::filesystem::path LogFile::backup(int64_t number) const {
  return file_.parent_path() / (file_.stem().string() + "." + std::to_string(number) + file_.extension().string());
}

void LogFile::lose(int error_number) {
  if (lost_++ > 0) return;
  std::fprintf(stderr, "%s cannot be written: %s; lines are lost there until it can be\n", file_.c_str(),
               std::strerror(error_number));
}

}  // namespace alice
