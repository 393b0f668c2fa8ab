#include "core/base/regular_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace alice {
namespace {

/// File systems whose files are answers of the kernel.
constexpr std::array<unsigned long, 9> kKernelFiles = {
    PROC_SUPER_MAGIC,    SYSFS_MAGIC,          DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC,
    CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, BPF_FS_MAGIC};

std::string words_of(int number) { return std::generic_category().message(number); }

bool is_kernels(int descriptor) {
  struct statfs system {};
  if (::fstatfs(descriptor, &system) != 0) return true;
  return std::find(kKernelFiles.begin(), kKernelFiles.end(), static_cast<unsigned long>(system.f_type)) !=
         kKernelFiles.end();
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

/// Why the open file is not read; "" when it is.
std::string objection(int descriptor, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return std::string("is ") + kind_of(status.st_mode) + ", no regular file";
  return is_kernels(descriptor) ? "is a file of the kernel's, which is never read here" : "";
}

}  // namespace

RegularFile::RegularFile(std::filesystem::path file, ErrorCode refused) : file_(std::move(file)), refused_(refused) {
  // O_NONBLOCK: opening a pipe must not wait for its writer; it has no effect on a regular file.
  descriptor_ = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) {
    const int number = errno;
    const bool is_absent = number == ENOENT || number == ENOTDIR;
    throw Error(is_absent ? ErrorCode::not_found : refused_, file_.string(),
                number == ENXIO ? "is a pipe or device, no regular file"
                                : "cannot be opened for reading: " + words_of(number));
  }
  struct stat status {};
  const std::string sentence = ::fstat(descriptor_, &status) == 0 ? objection(descriptor_, status)
                                                                  : "cannot be examined: " + words_of(errno);
  if (!sentence.empty()) {
    ::close(descriptor_);
    throw Error(refused_, file_.string(), sentence);
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

RegularFile::~RegularFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

RegularFile::RegularFile(RegularFile&& other) noexcept
    : file_(std::move(other.file_)),
      refused_(other.refused_),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_) {}

std::string RegularFile::read(uint64_t begin, size_t count) const {
  std::string bytes(count, '\0');
  for (size_t done = 0; done < count;) {
    const ssize_t got = ::pread(descriptor_, bytes.data() + done, count - done, static_cast<off_t>(begin + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(refused_, file_.string(), "cannot be read: " + words_of(errno));
    if (got == 0) throw Error(refused_, file_.string(), "ended while it was read: it is being changed");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

std::string read_regular_file(const std::filesystem::path& file, size_t limit_bytes, ErrorCode refused) {
  const RegularFile opened(file, refused);
  if (opened.size() > limit_bytes)
    throw Error(refused, file.string(),
                "is " + std::to_string(opened.size()) + " bytes long; at most " + std::to_string(limit_bytes) +
                    " are read of such a file");
  return opened.read(0, static_cast<size_t>(opened.size()));
}

}  // namespace alice
