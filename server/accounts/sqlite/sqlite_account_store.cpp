#include <SQLiteCpp/Transaction.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

#include "server/accounts/account_store.h"
#include "server/accounts/sqlite/audit_rows.h"
#include "server/accounts/sqlite/key_rows.h"
#include "server/accounts/sqlite/session_rows.h"
#include "server/accounts/sqlite/user_rows.h"
#include "server/sqlite/sqlite_error.h"

namespace alice {
namespace {

/// The database and its tables.
struct Tables {
  explicit Tables(const std::string& file) : db(file) {}

  AccountDatabase db;
  UserRows users{db};
  KeyRows keys{db};
  SessionRows sessions{db};
  InviteRows invites{db};
  AuditRows audit{db};
};

ChangedUser changed(Tables& t, const UserChange& change, int64_t now_s) {
  const User user = t.users.change(change);
  const bool is_out = user.state != UserState::active;
  if (is_out || change.password_hash) t.sessions.remove_of_user(user.id);
  if (is_out) t.keys.revoke_of_user(user.id, /*admins_only=*/false, now_s);
  if (change.level && *change.level != Level::admin) t.keys.revoke_of_user(user.id, /*admins_only=*/true, now_s);
  return {user, t.keys.of_user(user.id)};
}

User removed(Tables& t, const std::string& id) {
  User user = t.users.called(id);
  t.sessions.remove_of_user(id);
  t.keys.remove_of_user(id);
  t.users.remove(id);
  return user;
}

class SqliteAccountStore final : public AccountStore {
 public:
  explicit SqliteAccountStore(const std::string& file) : tables_(file) {}
  ~SqliteAccountStore() override { thread_.join(); }

  void add_key(AccessKey key, Then<AccessKey> then) override {
    work<AccessKey>(std::move(then), [key = std::move(key)](Tables& t) { return t.keys.add(key, t.users); });
  }
  void list_keys(Then<std::vector<AccessKey>> then) override {
    work<std::vector<AccessKey>>(std::move(then), [](Tables& t) { return t.keys.all(); });
  }
  void revoke_key(const std::string& id, int64_t now_s, Then<AccessKey> then) override {
    work<AccessKey>(std::move(then), [id, now_s](Tables& t) { return t.keys.revoke(id, now_s); });
  }
  void note_used(const std::string& id, int64_t now_s, Then<bool> then) override {
    work<bool>(std::move(then), [id, now_s](Tables& t) { return t.keys.note_used(id, now_s); });
  }

  void add_user(User user, std::optional<SecretHash> invite, Then<User> then) override {
    work<User>(std::move(then), [user = std::move(user), invite](Tables& t) {
      if (invite) t.invites.use(*invite, user.created_s);
      return t.users.add(user);
    });
  }
  void list_users(Then<std::vector<User>> then) override {
    work<std::vector<User>>(std::move(then), [](Tables& t) { return t.users.all(); });
  }
  void change_user(UserChange change, int64_t now_s, Then<ChangedUser> then) override {
    work<ChangedUser>(std::move(then),
                      [change = std::move(change), now_s](Tables& t) { return changed(t, change, now_s); });
  }
  void remove_user(const std::string& id, Then<User> then) override {
    work<User>(std::move(then), [id](Tables& t) { return removed(t, id); });
  }

  void add_session(Session session, Then<Session> then) override {
    work<Session>(std::move(then), [session = std::move(session)](Tables& t) {
      if (t.users.called(session.user).state != UserState::active)
        throw Error(ErrorCode::not_found, "user", "is not active");
      return t.sessions.add(session);
    });
  }
  void list_sessions(Then<std::vector<Session>> then) override {
    work<std::vector<Session>>(std::move(then), [](Tables& t) { return t.sessions.all(); });
  }
  void note_seen(const std::string& id, int64_t now_s, Then<bool> then) override {
    work<bool>(std::move(then), [id, now_s](Tables& t) { return t.sessions.note_seen(id, now_s); });
  }
  void remove_sessions(std::vector<std::string> ids, Then<int64_t> then) override {
    work<int64_t>(std::move(then), [ids = std::move(ids)](Tables& t) { return t.sessions.remove(ids); });
  }

  void add_invite(Invite invite, Then<Invite> then) override {
    work<Invite>(std::move(then), [invite = std::move(invite)](Tables& t) { return t.invites.add(invite); });
  }
  void list_invites(Then<std::vector<Invite>> then) override {
    work<std::vector<Invite>>(std::move(then), [](Tables& t) { return t.invites.all(); });
  }
  void revoke_invite(const std::string& id, int64_t now_s, Then<Invite> then) override {
    work<Invite>(std::move(then), [id, now_s](Tables& t) { return t.invites.revoke(id, now_s); });
  }

  void add_audit(AuditEntry entry, Then<AuditEntry> then) override {
    work<AuditEntry>(std::move(then), [entry = std::move(entry)](Tables& t) { return t.audit.add(entry); });
  }
  void list_audit(int64_t before, int64_t most, Then<std::vector<AuditEntry>> then) override {
    work<std::vector<AuditEntry>>(std::move(then), [before, most](Tables& t) { return t.audit.list(before, most); });
  }
  void trim_audit(AuditLimits limits, Then<int64_t> then) override {
    work<int64_t>(std::move(then), [limits](Tables& t) { return t.audit.trim(limits); });
  }

 private:
  template <class T, class Action>
  void work(Then<T> then, Action action) {
    boost::asio::post(thread_, [this, then = std::move(then), action = std::move(action)] {
      then(outcome_of<T>(action));
    });
  }

  /// Each in a transaction of its own.
  template <class T, class Action>
  Outcome<T> outcome_of(const Action& action) {
    try {
      SQLite::Transaction transaction(tables_.db.database);
      T result = action(tables_);
      transaction.commit();
      return result;
    } catch (const Error& e) {
      return e;
    } catch (const SQLite::Exception& e) {
      return sqlite_error(tables_.db.file, kAccountDatabase, e);
    } catch (const std::exception& e) {
      return Error(ErrorCode::internal, tables_.db.file, e.what());
    }
  }

  Tables tables_;
  boost::asio::thread_pool thread_{1};
};

}  // namespace

std::unique_ptr<AccountStore> open_sqlite_account_store(const std::string& file) {
  return std::make_unique<SqliteAccountStore>(file);
}

}  // namespace alice
