#pragma once
// Folders that are written to for as long as a program runs.

#include <cstdint>
#include <filesystem>
#include <string>

namespace alice {

/// A folder that ALICE writes to, and the disk that it was on at first: a folder that somebody deleted is made again,
/// one whose disk is gone is not, for what is written then would vanish under the disk when it comes back. Any thread.
class KeptFolder {
 public:
  /// Makes the folder, for its owner alone, unless it is there. Throws Error(bad_config) when it cannot be made; `what`
  /// is its name in sentences: "the data folder".
  KeptFolder(std::filesystem::path folder, std::string what);

  const std::filesystem::path& path() const { return folder_; }
  /// Throws Error(storage_failed) when it is not there or on another disk.
  void check() const;
  /// Makes it again when it is not there. Throws Error(storage_failed), or storage_full, when that is not possible, or
  /// it is on another disk.
  void restore() const;
  /// Writes a small file, and removes it. Throws Error(storage_failed) or storage_full.
  void try_writing() const;
  /// Can others than its owner read it, or write to it?
  bool is_open_to_others() const;

 private:
  const std::filesystem::path folder_;
  const std::string what_;
  uint64_t device_ = 0;
};

}  // namespace alice
