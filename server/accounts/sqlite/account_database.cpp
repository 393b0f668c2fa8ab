#include "server/accounts/sqlite/account_database.h"

#include <sodium.h>

#include "server/accounts/sqlite/account_schema.h"

namespace alice {
namespace {

constexpr int kBusyTimeoutMs = 2'000;

SQLite::Database opened(const std::string& file) {
  try {
    SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs);
    prepare_account_schema(database);
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    return database;
  } catch (const SQLite::Exception& e) {
    throw Error(ErrorCode::bad_config, file,
                std::string(kAccountDatabase) + " cannot be opened: " + e.what() +
                    "; nothing was changed: repair it or move it away, or name another data directory");
  }
}

}  // namespace

AccountDatabase::AccountDatabase(const std::string& file) : file(file), database(opened(file)) {}

Error AccountDatabase::never_written(const std::string& what) const {
  return {ErrorCode::internal, file, std::string(kAccountDatabase) + " holds what ALICE never wrote: " + what};
}

std::string in_hex(const unsigned char* bytes, size_t count) {
  std::string text(2 * count + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, count);
  text.pop_back();
  return text;
}

std::string hash_text(const SecretHash& hash) { return in_hex(hash.data(), hash.size()); }

bool read_hash(const std::string& text, SecretHash& hash) {
  size_t bytes = 0;
  return sodium_hex2bin(hash.data(), hash.size(), text.data(), text.size(), nullptr, &bytes, nullptr) == 0 &&
         bytes == hash.size();
}

}  // namespace alice
