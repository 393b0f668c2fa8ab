#pragma once
// A file's bytes, mapped into memory for reading.

#include <cstddef>
#include <filesystem>
#include <memory>

namespace alice {

/// Read-only and shared between threads; unmapped with the last pointer to it. The file may be replaced (renamed over)
/// or removed meanwhile: the mapping keeps the old one. But a file that somebody *truncates* in place loses its pages:
/// touching one is SIGBUS, the end of the process. That cannot be caught here; it is one reason why a worker process
/// computes.
class MappedFile {
 public:
  /// Links are followed. Throws as RegularFile does (core/base/regular_file.h), and
  /// Error(out_of_memory) when the address space has no room.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const std::byte* data() const noexcept { return data_; }  ///< page-aligned; null for an empty file
  size_t size() const noexcept { return size_; }            ///< bytes, as it was when opened

  /// Gives the memory of the whole pages in [begin, end) back: they stay readable and come from the file again when
  /// touched. For what has been read and will hardly be read again. Any thread, whoever else reads there.
  void give_back(size_t begin, size_t end) const noexcept;

 private:
  MappedFile(const std::byte* data, size_t size) : data_(data), size_(size) {}

  const std::byte* data_;
  size_t size_;
};

}  // namespace alice
