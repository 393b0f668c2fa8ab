#pragma once
// What SQLite's failures are called.

#include <SQLiteCpp/Exception.h>

#include <string>

#include "core/base/error.h"

namespace alice {

/// What `fault` of the database in `file` means: storage_full for want of room (ENOSPC; SQLite calls what quotas and
/// limits refuse an I/O error), storage_failed, or internal for a statement that is impossible. `what` is the
/// database's name in sentences: "the job database".
Error sqlite_error(const std::string& file, const std::string& what, const SQLite::Exception& fault);

}  // namespace alice
