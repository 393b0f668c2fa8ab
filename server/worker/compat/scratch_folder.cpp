#include "server/worker/compat/scratch_folder.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "core/base/atomic_file.h"
#include "core/base/storage.h"

namespace alice {

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "alice-check-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw storage_error(name, "a folder cannot be made", errno);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;  // a destructor has nobody to tell
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path ScratchFolder::write(const std::string& name, std::string_view bytes) const {
  AtomicFile file(path_ / name);
  file.write(bytes);
  file.commit();
  return path_ / name;
}

}  // namespace alice
