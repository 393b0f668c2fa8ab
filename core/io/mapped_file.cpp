#include "core/io/mapped_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/base/regular_file.h"

namespace alice {

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& file) {
  const RegularFile opened(file);
  const auto size = static_cast<size_t>(opened.size());
  void* data = nullptr;
  if (size > 0) {  // a mapping of no bytes is refused by the system
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened.descriptor(), 0);
    if (data == MAP_FAILED)
      throw Error(ErrorCode::out_of_memory, file.string(),
                  "cannot be mapped into memory: " + std::generic_category().message(errno));
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
