#pragma once
// A folder of a check's own, gone with all that is in it.

#include <filesystem>
#include <string_view>

namespace alice {

/// Among the system's temporary files; nobody else's. One thread.
class ScratchFolder {
 public:
  /// Throws storage_error().
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// The new file. Throws as AtomicFile does.
  std::filesystem::path write(const std::string& name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

}  // namespace alice
