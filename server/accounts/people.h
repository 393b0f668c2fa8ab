#pragma once
// Users: who signs in with which password, who may register, and what is changed of them.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/accounts/passwords.h"
#include "server/accounts/sessions.h"

namespace alice {

/// What became of a name and a password.
struct SignIn {
  enum class Verdict {
    good,
    wrong,    ///< no such name, no password, or another one: nobody is told which
    waiting,  ///< right, but not approved yet
    disabled  ///< right, but of no use any more
  } verdict = Verdict::wrong;
  User user = {};            ///< of all but wrong
  MadeSession session = {};  ///< of good
};

struct NewUser {
  std::string name, password;  ///< is_account_name(); "": no password, only where no invite is asked for
  Level level = Level::user;
  UserState state = UserState::active;
  std::optional<std::string> invite = std::nullopt;  ///< a code, of which a use is taken
};

struct NewInvite {
  std::optional<int64_t> uses = 1;  ///< absent: any number
  std::optional<int64_t> expires_s = std::nullopt;
  std::string created_by;
};
struct MadeInvite {
  Invite invite;
  std::string code;  ///< told once: it is kept nowhere
};

/// Any thread. Callbacks come on the store's or the passwords' thread, or, of what is refused at once, on the caller's.
class People {
 public:
  /// `on_keys`: called with what the keys of a user are from now on, on the store's thread. Reads all, and waits for
  /// that; throws what the store answers.
  People(AccountStore& store, const Pepper& pepper, SessionTimes times, std::function<int64_t()> now_s,
         std::function<void(const std::string& user, const std::vector<AccessKey>&)> on_keys);

  /// Before the store goes: what asks it by itself has ended.
  void close() { passwords_.close(); }

  /// Of a user's id; null where there is none.
  std::shared_ptr<const User> find(const std::string& id) const;
  std::shared_ptr<const User> called(const std::string& name) const;
  /// A key was made of somebody who may be new.
  void learn(const AccessKey& key);
  /// The oldest first. Users that keys have named are among them.
  void list(Then<std::vector<User>> then) { store_.list_users(std::move(then)); }
  /// Whether an administrator can sign in.
  bool has_admin() const;

  /// It takes as long whether there is such a user or not. Error(busy): too many at once.
  void sign_in(const std::string& name, std::string password, SignInPlace place, Then<SignIn> then);
  /// Hashes first and looks then, so that time tells nothing of names. Error(bad_request) at "name", "password";
  /// Error(not_found) at "invite_code"; Error(busy).
  void add(NewUser wanted, Then<User> then);
  /// Whether it is theirs. Error(not_found), Error(busy).
  void check_password(const std::string& user, std::string password, Then<bool> then);
  /// Ends all sessions. Error(bad_request) at "password", Error(not_found), Error(busy).
  void set_password(const std::string& user, std::string password, Then<User> then);
  /// With what UserChange says that it ends; from the callback on it counts. Error(not_found).
  void change(UserChange change, Then<User> then);
  /// With their keys and sessions; their jobs stay, and are an administrator's to see. Error(not_found).
  void remove(const std::string& id, Then<User> then);

  void make_invite(const NewInvite& wanted, Then<MadeInvite> then);
  void list_invites(Then<std::vector<Invite>> then) { store_.list_invites(std::move(then)); }
  void revoke_invite(const std::string& id, Then<Invite> then);

  Sessions& sessions() { return sessions_; }

 private:
  void keep(const User& user);
  void signed_in(const std::string& id, const SignInPlace& place, const Then<SignIn>& then);

  AccountStore& store_;
  const Pepper& pepper_;
  const std::function<int64_t()> now_s_;
  const std::function<void(const std::string&, const std::vector<AccessKey>&)> on_keys_;
  Sessions sessions_;
  mutable std::mutex mutex_;  // guards users_
  std::map<std::string, std::shared_ptr<const User>> users_;
  Passwords passwords_;  // last: its callbacks use the above
};

}  // namespace alice
