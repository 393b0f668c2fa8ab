#include "server/sqlite/sqlite_error.h"

#include <sqlite3.h>

namespace alice {

Error sqlite_error(const std::string& file, const std::string& what, const SQLite::Exception& fault) {
  const std::string sentence = what + " failed: " + fault.what();
  switch (fault.getErrorCode() & 0xff) {
    case SQLITE_FULL: return {ErrorCode::storage_full, file, sentence};
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return {ErrorCode::storage_failed, file, sentence};
    default: return {ErrorCode::internal, file, sentence};
  }
}

}  // namespace alice
