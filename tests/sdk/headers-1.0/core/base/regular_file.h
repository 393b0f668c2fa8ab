#pragma once
// The one door to files that somebody else wrote: configurations, models, pictures.

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/base/error.h"

namespace alice {

/// An open regular file. Never a device, a pipe, a socket or a folder, nor one of the kernel's own files (/proc, /sys):
/// opening those may wait for ever, reading them may never end, and their sizes say nothing. Links are followed, since
/// whoever runs ALICE made them. One thread at a time; read() may be called by several.
class RegularFile {
 public:
  /// Opens for reading, without ever waiting. Throws Error(not_found) when there is nothing under that name, and
  /// Error(refused) naming the file when there is and it cannot be opened or is no regular file.
  explicit RegularFile(std::filesystem::path file, ErrorCode refused = ErrorCode::bad_weights);
  ~RegularFile();
  RegularFile(RegularFile&& other) noexcept;
  RegularFile& operator=(RegularFile&&) = delete;
  RegularFile(const RegularFile&) = delete;

  uint64_t size() const noexcept { return size_; }         ///< bytes, as it was when opened
  int descriptor() const noexcept { return descriptor_; }  ///< stays this object's
  /// The `count` bytes from `begin` on. Throws Error(refused) when the file has become shorter, or cannot be read.
  std::string read(uint64_t begin, size_t count) const;

 private:
  std::filesystem::path file_;
  ErrorCode refused_;
  int descriptor_ = -1;
  uint64_t size_ = 0;
};

/// All bytes of a regular file. Throws as RegularFile does, and Error(refused) when it has more than `limit_bytes`.
std::string read_regular_file(const std::filesystem::path& file, size_t limit_bytes,
                              ErrorCode refused = ErrorCode::bad_weights);

}  // namespace alice
