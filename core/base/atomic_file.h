#pragma once
// Files that are either whole or not there.

#include <filesystem>
#include <string>
#include <string_view>

namespace alice {

/// Writes a file aside, in the same folder, and gives it its name only when every byte is on the disk: so no reader and
/// no crash ever sees a torn file under the final name. What was there before is replaced. One thread at a time.
class AtomicFile {
 public:
  /// Throws Error(not_found) when the folder is not there, storage_error() when it cannot be written to.
  explicit AtomicFile(std::filesystem::path file);
  /// Without commit(): removes what was written.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Throws storage_error().
  void write(std::string_view bytes);
  /// Syncs, renames, syncs the folder. Call once, last. Throws storage_error(); the final name is then as it was
  /// before.
  void commit();

 private:
  void fail(const char* what) const;

  std::filesystem::path file_, aside_;
  int descriptor_ = -1;
};

}  // namespace alice
