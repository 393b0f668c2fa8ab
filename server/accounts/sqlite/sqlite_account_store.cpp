#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Transaction.h>
#include <sodium.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "core/base/json.h"
#include "server/accounts/account_store.h"
#include "server/accounts/sqlite/account_schema.h"
#include "server/sqlite/sqlite_error.h"
#include "server/sqlite/statement.h"

namespace alice {
namespace {

constexpr const char* kWhat = "the database of keys";
constexpr int kBusyTimeoutMs = 2'000;
constexpr size_t kUserBytes = 8;

SQLite::Database opened(const std::string& file) {
  try {
    SQLite::Database database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs);
    prepare_account_schema(database);
    database.exec("PRAGMA synchronous = FULL");
    database.exec("PRAGMA foreign_keys = ON");
    return database;
  } catch (const SQLite::Exception& e) {
    throw Error(ErrorCode::bad_config, file,
                std::string(kWhat) + " cannot be opened: " + e.what() +
                    "; nothing was changed: repair it or move it away, or name another data directory");
  }
}

std::string in_hex(const unsigned char* bytes, size_t count) {
  std::string text(2 * count + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, count);
  text.pop_back();
  return text;
}

std::string new_user_id() {
  std::array<unsigned char, kUserBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return in_hex(bytes.data(), bytes.size());
}

/// An open database, and what is prepared in it.
struct Connection {
  explicit Connection(const std::string& file) : file(file), database(opened(file)) {}

  SQLite::Statement prepare(const std::string& sql) { return {database, sql}; }

  const std::string file;
  SQLite::Database database;
  SQLite::Statement find_user = prepare("SELECT id FROM users WHERE name = ?1");
  SQLite::Statement add_user = prepare("INSERT INTO users (id, name, created_s) VALUES (?1, ?2, ?3)");
  SQLite::Statement add_key = prepare(
      "INSERT INTO keys (id, user, name, level, scopes, hash, created_s, expires_s) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, 0))");
  const std::string columns =
      "SELECT keys.id, keys.name, user, users.name, level, scopes, hash, keys.created_s, expires_s, last_used_s, "
      "revoked_s FROM keys JOIN users ON users.id = keys.user ";
  SQLite::Statement find_key = prepare(columns + "WHERE keys.id = ?1");
  SQLite::Statement list_keys = prepare(columns + "ORDER BY keys.created_s, keys.rowid");
  SQLite::Statement revoke_key = prepare("UPDATE keys SET revoked_s = coalesce(revoked_s, ?2) WHERE id = ?1");
  SQLite::Statement note_used =
      prepare("UPDATE keys SET last_used_s = max(coalesce(last_used_s, 0), ?2) WHERE id = ?1");
};

Error never_written(const Connection& c, const std::string& what) {
  return {ErrorCode::internal, c.file, std::string(kWhat) + " holds what ALICE never wrote: " + what};
}

AccessKey read_key(const Connection& c, const StatementUse& use) {
  AccessKey key;
  key.id = use.text(0);
  key.name = use.text(1);
  key.user = use.text(2);
  key.user_name = use.text(3);
  const auto level = level_from(use.text(4));
  const auto scopes = Scopes::from(use.text(5));
  size_t bytes = 0;
  const std::string hash = use.text(6);
  const bool is_hash = sodium_hex2bin(key.hash.data(), key.hash.size(), hash.data(), hash.size(), nullptr, &bytes,
                                      nullptr) == 0 && bytes == key.hash.size();
  if (!level || !scopes || !is_hash) throw never_written(c, "the key " + key.id);
  key.level = *level;
  key.scopes = *scopes;
  key.created_s = use.integer(7);
  key.expires_s = use.optional_integer(8);
  key.last_used_s = use.optional_integer(9);
  key.revoked_s = use.optional_integer(10);
  return key;
}

std::optional<AccessKey> found(Connection& c, const std::string& id) {
  StatementUse use(c.find_key, id);
  return use.step() ? std::optional(read_key(c, use)) : std::nullopt;
}

std::string user_called(Connection& c, const std::string& name, int64_t now_s) {
  StatementUse use(c.find_user, name);
  if (use.step()) return use.text(0);
  std::string id = new_user_id();
  StatementUse(c.add_user, id, name, now_s).run();
  return id;
}

AccessKey added(Connection& c, AccessKey key) {
  SQLite::Transaction transaction(c.database);
  if (found(c, key.id)) throw Error(ErrorCode::bad_request, "id", "there is a key of this id already");
  key.user = user_called(c, key.user_name, key.created_s);
  StatementUse(c.add_key, key.id, key.user, key.name, std::string(to_string(key.level)), key.scopes.words(),
               in_hex(key.hash.data(), key.hash.size()), key.created_s, key.expires_s.value_or(0))
      .run();
  transaction.commit();
  return key;
}

class SqliteAccountStore final : public AccountStore {
 public:
  explicit SqliteAccountStore(const std::string& file) : connection_(file) {}
  ~SqliteAccountStore() override { thread_.join(); }

  void add_key(AccessKey key, Then<AccessKey> then) override {
    work<AccessKey>(std::move(then), [key = std::move(key)](Connection& c) { return added(c, key); });
  }
  void list_keys(Then<std::vector<AccessKey>> then) override {
    work<std::vector<AccessKey>>(std::move(then), [](Connection& c) {
      std::vector<AccessKey> keys;
      for (StatementUse use(c.list_keys); use.step();) keys.push_back(read_key(c, use));
      return keys;
    });
  }
  void revoke_key(const std::string& id, int64_t now_s, Then<AccessKey> then) override {
    work<AccessKey>(std::move(then), [id, now_s](Connection& c) {
      StatementUse(c.revoke_key, id, now_s).run();
      auto key = found(c, id);
      if (!key) throw Error(ErrorCode::not_found, "id", "there is no key of this id");
      return *key;
    });
  }
  void note_used(const std::string& id, int64_t now_s, Then<bool> then) override {
    work<bool>(std::move(then), [id, now_s](Connection& c) { return StatementUse(c.note_used, id, now_s).run() == 1; });
  }

 private:
  template <class T, class Action>
  void work(Then<T> then, Action action) {
    boost::asio::post(thread_, [this, then = std::move(then), action = std::move(action)] {
      then(outcome_of<T>(action));
    });
  }

  template <class T, class Action>
  Outcome<T> outcome_of(const Action& action) {
    try {
      return action(connection_);
    } catch (const Error& e) {
      return e;
    } catch (const SQLite::Exception& e) {
      return sqlite_error(connection_.file, kWhat, e);
    } catch (const std::exception& e) {
      return Error(ErrorCode::internal, connection_.file, e.what());
    }
  }

  Connection connection_;
  boost::asio::thread_pool thread_{1};
};

}  // namespace

std::unique_ptr<AccountStore> open_sqlite_account_store(const std::string& file) {
  return std::make_unique<SqliteAccountStore>(file);
}

}  // namespace alice
