#pragma once
// Whether an open database is still what stands at its path, and how it comes back there.

#include <cstdint>
#include <string>

#include "core/base/kept_folder.h"

namespace alice {

/// The files of a database as they were when it was opened: what is written to a file that was deleted or replaced is
/// lost with the process.
class DatabasePlace {
 public:
  /// Of an open database in write-ahead mode.
  explicit DatabasePlace(std::string file);

  /// Throws Error(storage_failed) naming the file or folder that is not there any more, or not the one that is open.
  void check() const;
  /// Makes the folder again. Throws as KeptFolder::restore().
  void restore_folder() const { folder_.restore(); }

 private:
  struct Identity {
    uint64_t device, number;
  };
  static Identity identity_of(const std::string& file);
  void check(const std::string& file, const Identity& opened) const;

  const std::string file_, log_;
  const KeptFolder folder_;
  const Identity file_identity_, log_identity_;
};

/// Brings `copy`, a whole copy of the database that had the place of `file`, to the disk, and names it so that
/// put_restored_in_place() finds it, now or at the next start. Throws storage_error().
void keep_restored_copy(const std::string& copy, const std::string& file);

/// When there is a restored copy: gives it the name `file`. What stands there is moved aside, and named in the log; none
/// of them may be open. Throws storage_error().
void put_restored_in_place(const std::string& file);

}  // namespace alice
