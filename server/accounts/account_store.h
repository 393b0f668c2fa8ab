#pragma once
// Where users and what is theirs are kept: keys, sessions, invites, and what they did. Every function answers by its
// callback, once, on a thread of the store's: a database may be on another machine. All may be called from any thread,
// and are done in the order in which they came. Callbacks must not throw.
//
// When the database fails, the outcome is Error(storage_full) or Error(storage_failed) that names it, and nothing has
// changed; Error(internal) when it holds what ALICE never wrote.

#include <memory>
#include <string>
#include <vector>

#include "core/base/outcome.h"
#include "server/accounts/account.h"
#include "server/accounts/user.h"

namespace alice {

/// How much of the audit is kept. What failed has a room of its own, so that nobody who guesses can push out what was
/// done.
struct AuditLimits {
  int64_t oldest_s = 0;  ///< what was before goes
  int64_t most_done = 100'000, most_failed = 20'000;
};

class AccountStore {
 public:
  /// What was asked before is done first, and answered.
  virtual ~AccountStore() = default;

  // --- keys

  /// Keeps a new key, of the user called key.user_name, who is made when there is none of that name; key.user is not
  /// looked at. The outcome is the key with its user's id. Error(bad_request): there is a key of that id; at "user":
  /// the user is not active.
  virtual void add_key(AccessKey key, Then<AccessKey> then) = 0;
  /// All there ever were, the oldest first, but those of users who were removed.
  virtual void list_keys(Then<std::vector<AccessKey>> then) = 0;
  /// From now on it counts no more; the time of the first call stays. The outcome is the key. Error(not_found).
  virtual void revoke_key(const std::string& id, int64_t now_s, Then<AccessKey> then) = 0;
  /// It was used then. The outcome says whether there is such a key.
  virtual void note_used(const std::string& id, int64_t now_s, Then<bool> then) = 0;

  // --- users

  /// Keeps a new user; user.id is not looked at. `invite`: the hash of a code, of which a use is taken in the same
  /// transaction. The outcome is the user with an id. Error(not_found) at "invite_code": no such invite counts at
  /// user.created_s. Error(bad_request) at "name": there is one of that name, or one that differs in nothing but the
  /// case of ASCII letters; told only to who has an invite that counts, where one is asked for.
  virtual void add_user(User user, std::optional<SecretHash> invite, Then<User> then) = 0;
  /// The oldest first.
  virtual void list_users(Then<std::vector<User>> then) = 0;
  /// All of it in one transaction, with what it ends (UserChange). Error(not_found).
  virtual void change_user(UserChange change, int64_t now_s, Then<ChangedUser> then) = 0;
  /// With their keys and sessions. The outcome is who it was. Error(not_found).
  virtual void remove_user(const std::string& id, Then<User> then) = 0;

  // --- sessions

  /// Error(not_found): there is no such user, or they are not active.
  virtual void add_session(Session session, Then<Session> then) = 0;
  virtual void list_sessions(Then<std::vector<Session>> then) = 0;
  /// It was seen then. The outcome says whether there is such a session.
  virtual void note_seen(const std::string& id, int64_t now_s, Then<bool> then) = 0;
  /// The outcome says how many there were.
  virtual void remove_sessions(std::vector<std::string> ids, Then<int64_t> then) = 0;

  // --- invites

  /// Error(bad_request): there is one of that id.
  virtual void add_invite(Invite invite, Then<Invite> then) = 0;
  /// All there ever were, the oldest first.
  virtual void list_invites(Then<std::vector<Invite>> then) = 0;
  /// As revoke_key().
  virtual void revoke_invite(const std::string& id, int64_t now_s, Then<Invite> then) = 0;

  // --- the audit

  /// Keeps it; entry.id is not looked at. The outcome is the entry with its id.
  virtual void add_audit(AuditEntry entry, Then<AuditEntry> then) = 0;
  /// At most `most`, the newest first, whose id is smaller than `before`; 0: the newest of all.
  virtual void list_audit(int64_t before, int64_t most, Then<std::vector<AuditEntry>> then) = 0;
  /// Takes away what is beyond the limits. The outcome says how many there were.
  virtual void trim_audit(AuditLimits limits, Then<int64_t> then) = 0;
};

/// A SQLite database, made when not there, and a thread that works on it. Throws Error(bad_config) when it cannot be
/// opened, is not ours, or is of a newer version than this program knows.
std::unique_ptr<AccountStore> open_sqlite_account_store(const std::string& file);

}  // namespace alice
