#include "core/io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/base/error.h"

namespace alice {
namespace {

[[noreturn]] void fail(ErrorCode code, const std::filesystem::path& file, const std::string& what, int number) {
  throw Error(code, file.string(), what + ": " + std::generic_category().message(number));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& file) {
  // O_NONBLOCK: opening a pipe must not wait for its writer; it has no effect on a regular file.
  const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (descriptor.number() < 0) fail(ErrorCode::not_found, file, "cannot be opened for reading", errno);
  struct stat status {};
  if (::fstat(descriptor.number(), &status) != 0) fail(ErrorCode::not_found, file, "cannot be examined", errno);
  if (!S_ISREG(status.st_mode)) throw Error(ErrorCode::not_found, file.string(), "is no regular file");

  const size_t size = static_cast<size_t>(status.st_size);
  void* data = nullptr;
  if (size > 0) {  // a mapping of no bytes is refused by the system
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor.number(), 0);
    if (data == MAP_FAILED) fail(ErrorCode::out_of_memory, file, "cannot be mapped into memory", errno);
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(static_cast<const std::byte*>(data), size));
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

void MappedFile::give_back(size_t begin, size_t end) const noexcept {
  static const size_t page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t first = (begin + page - 1) / page * page, last = end / page * page;
  // What fails leaves the pages where they are, which is no fault.
  if (first < last) ::madvise(const_cast<std::byte*>(data_) + first, last - first, MADV_DONTNEED);
}

}  // namespace alice
