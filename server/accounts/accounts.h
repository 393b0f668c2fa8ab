#pragma once
// The keys, as the front asks for them: each request is judged from memory, so no disk is waited for; what changes goes
// to the store. People, and what they did, beside them.

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/outcome.h"
#include "server/accounts/account.h"
#include "server/accounts/account_store.h"
#include "server/accounts/people.h"
#include "server/accounts/pepper.h"
#include "server/accounts/setup_code.h"

namespace alice {

/// What became of a key that somebody showed.
struct Judgement {
  enum class Verdict {
    good,
    mistyped,  ///< known without a look at any key
    wrong,     ///< there is no such key, or not with that secret
    revoked,   ///< with the right secret
    expired    ///< with the right secret
  } verdict = Verdict::wrong;
  std::shared_ptr<const AccessKey> key = nullptr;  ///< of good, revoked and expired
  bool is_configured = false;                      ///< it was compared with the one of the configuration
};

struct NewKey {
  std::string name, user;  ///< is_account_name(); `user` empty: called as the key
  Level level = Level::user;
  Scopes scopes;
  std::optional<int64_t> expires_s;  ///< seconds since 1970
};

struct MadeKey {
  AccessKey key;
  std::string text;  ///< told once: it is kept nowhere
};

struct AccountsSettings {
  std::string configured_key;          ///< server.api_key: a key of a user of its own; "": none
  std::function<int64_t()> now_s = {};  ///< seconds since 1970; null: the system's clock
  std::function<int(const void*, const void*, size_t)> compare = {};  ///< null: sodium_memcmp
  SessionTimes sessions = {};
};

/// Any thread. Callbacks come on the store's.
class Accounts {
 public:
  ~Accounts();
  /// Reads all keys, and waits for that. Throws Error(bad_config) when configured_key begins as ALICE's own do and is
  /// none; what the store answers.
  Accounts(std::unique_ptr<AccountStore> store, Pepper pepper, AccountsSettings settings);
  /// Those of a data folder, whose lock somebody holds: accounts.sqlite and secrets/ in it, made when not there.
  static std::shared_ptr<Accounts> open(const std::filesystem::path& data, AccountsSettings settings);

  /// One look-up by the key's id, and one comparison, with a hash of nothing where there is no such key: how long it
  /// takes does not tell how much was right. A mistyped one is neither looked up nor compared.
  Judgement judge(std::string_view text) const;
  /// Written at most once a minute.
  void note_used(const AccessKey& key);

  /// Error(bad_request): a name is none, or the user is not active.
  void create(const NewKey& wanted, Then<MadeKey> then);
  void list(Then<std::vector<AccessKey>> then) { store_->list_keys(std::move(then)); }
  /// From the callback on it counts no more. Error(not_found).
  void revoke(const std::string& id, Then<AccessKey> then);

  /// Null where there is none of that id. The configuration's own has one that no key is called by.
  std::shared_ptr<const AccessKey> find(const std::string& id) const;

  /// Of a user: those that count.
  int64_t count_keys(const std::string& user) const;

  People& people() const { return *people_; }
  SetupCode& setup_code() { return setup_code_; }

  /// Keeps what somebody did; entry.time_s is not looked at. When it cannot be kept, the log says so.
  void note(AuditEntry entry);
  /// AccountStore::list_audit()
  void list_audit(int64_t before, int64_t most, Then<std::vector<AuditEntry>> then) {
    store_->list_audit(before, most, std::move(then));
  }

  const Pepper& pepper() const { return pepper_; }
  int64_t now_s() const { return settings_.now_s(); }

 private:
  using Ring = std::map<std::string, std::shared_ptr<const AccessKey>, std::less<>>;

  void keep(const AccessKey& key);
  void keep_configured();
  void replace(const std::string& user, const std::vector<AccessKey>& keys);
  void trim_audit();

  const Pepper pepper_;
  AccountsSettings settings_;
  SecretHash nobodys_;
  std::shared_ptr<const AccessKey> configured_;  // one that has no id in its text; null: none
  mutable std::mutex mutex_;                     // guards what follows
  Ring ring_;
  std::map<std::string, int64_t> noted_s_;
  std::atomic<int64_t> noted_{0};        // entries of the audit, since the start
  SetupCode setup_code_{[this] { return now_s(); }};
  std::unique_ptr<People> people_;
  std::unique_ptr<AccountStore> store_;  // last: its callbacks use the above
};

}  // namespace alice
