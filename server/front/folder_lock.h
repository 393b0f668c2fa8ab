#pragma once
// One server a data folder.

#include <filesystem>

namespace alice {

/// Holds <folder>/lock as long as it lives; the kernel lets go of it when the process ends, however it ends.
class FolderLock {
 public:
  /// Throws Error(bad_config) that names the folder, and the process that holds it or why it cannot be locked.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace alice
