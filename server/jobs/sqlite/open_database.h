#pragma once
// A job database as the store opens it, and what its failures are called.

#include <SQLiteCpp/Database.h>

#include <string>

#include "core/base/error.h"
#include "core/base/json.h"

namespace alice {

/// Opens the file and settles how it is written. Nothing is written before it is known to be ours. Throws
/// Error(bad_config).
SQLite::Database open_job_database(const std::string& file);

/// Opens a file that has been opened so, for reading alone. Throws SQLite::Exception.
SQLite::Database open_to_read(const std::string& file);

/// sqlite_error() of the job database.
Error store_error(const std::string& file, const SQLite::Exception& fault);

/// What `action` returns. What goes wrong in the database, or in what it holds, is thrown as Error.
template <class Action>
auto as_store(const std::string& file, Action&& action) -> decltype(action()) {
  try {
    return action();
  } catch (const SQLite::Exception& e) {
    throw store_error(file, e);
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::internal, file, std::string("the job database holds what ALICE never wrote: ") + e.what());
  }
}

}  // namespace alice
