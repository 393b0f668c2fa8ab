#pragma once
// One server a data folder.

#include <filesystem>

namespace alice {

/// Holds <folder>/lock as long as it lives; the kernel lets go of it when the process ends, however it ends. The file
/// is its owner's alone: nobody else can hold it. One thread at a time.
class FolderLock {
 public:
  /// Throws Error(bad_config) that names the folder, and the process that holds it or why it cannot be locked.
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// Throws Error(storage_failed) when the file at its path is not the one that is held: another server could hold it.
  void check() const;
  /// Locks the folder again when check() would throw. Throws Error(storage_failed) or storage_full when that cannot be
  /// done, also because another server has done it.
  void restore();

 private:
  const std::filesystem::path folder_;
  int descriptor_;
};

}  // namespace alice
