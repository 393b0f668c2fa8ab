#pragma once
// The keys, as the front asks for them: each request is judged from memory, so no disk is waited for; what changes goes
// to the store.

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
#include "server/accounts/pepper.h"

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
};

/// Any thread. Callbacks come on the store's.
class Accounts {
 public:
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

  /// Error(bad_request): a name is none.
  void create(const NewKey& wanted, Then<MadeKey> then);
  void list(Then<std::vector<AccessKey>> then) { store_->list_keys(std::move(then)); }
  /// From the callback on it counts no more. Error(not_found).
  void revoke(const std::string& id, Then<AccessKey> then);

  const Pepper& pepper() const { return pepper_; }
  int64_t now_s() const { return settings_.now_s(); }

 private:
  using Ring = std::map<std::string, std::shared_ptr<const AccessKey>, std::less<>>;

  void keep(const AccessKey& key);
  void keep_configured();
  std::shared_ptr<const AccessKey> called(const std::string& id) const;

  const Pepper pepper_;
  AccountsSettings settings_;
  SecretHash nobodys_;
  std::shared_ptr<const AccessKey> configured_;  // one that has no id in its text; null: none
  mutable std::mutex mutex_;                     // guards what follows
  Ring ring_;
  std::map<std::string, int64_t> noted_s_;
  std::unique_ptr<AccountStore> store_;  // last: its callbacks use the above
};

}  // namespace alice
