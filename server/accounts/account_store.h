#pragma once
// Where users and their keys are kept. Every function answers by its callback, once, on a thread of the store's: a
// database may be on another machine. All may be called from any thread, and are done in the order in which they came.
// Callbacks must not throw.
//
// When the database fails, the outcome is Error(storage_full) or Error(storage_failed) that names it, and nothing has
// changed; Error(internal) when it holds what ALICE never wrote.

#include <memory>
#include <string>
#include <vector>

#include "core/base/outcome.h"
#include "server/accounts/account.h"

namespace alice {

class AccountStore {
 public:
  /// What was asked before is done first, and answered.
  virtual ~AccountStore() = default;

  /// Keeps a new key, of the user called key.user_name, who is made when there is none of that name; key.user is not
  /// looked at. The outcome is the key with its user's id. Error(bad_request): there is a key of that id.
  virtual void add_key(AccessKey key, Then<AccessKey> then) = 0;
  /// All there ever were, the oldest first.
  virtual void list_keys(Then<std::vector<AccessKey>> then) = 0;
  /// From now on it counts no more; the time of the first call stays. The outcome is the key. Error(not_found).
  virtual void revoke_key(const std::string& id, int64_t now_s, Then<AccessKey> then) = 0;
  /// It was used then. The outcome says whether there is such a key.
  virtual void note_used(const std::string& id, int64_t now_s, Then<bool> then) = 0;
};

/// A SQLite database, made when not there, and a thread that works on it. Throws Error(bad_config) when it cannot be
/// opened, is not ours, or is of a newer version than this program knows.
std::unique_ptr<AccountStore> open_sqlite_account_store(const std::string& file);

}  // namespace alice
