#pragma once
// People: who they are, that they are signed in, and how they come to be known.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/accounts/account.h"

namespace alice {

enum class UserState {
  active,
  waiting,   ///< registered, and not approved by an administrator yet
  disabled,  ///< neither a password nor a key of theirs counts
};
const char* to_string(UserState state);
/// Nothing for a word that is none.
std::optional<UserState> user_state_from(const std::string& word);
const std::vector<std::string>& user_state_words();

/// Times are seconds since 1970.
struct User {
  std::string id;
  std::string name;           ///< is_account_name(); no two differ in nothing but the case of ASCII letters
  std::string password_hash;  ///< as Passwords makes it; "": this one cannot sign in
  Level level = Level::user;  ///< of their sessions, and the highest that their keys are made with over HTTP
  UserState state = UserState::active;
  int64_t created_s = 0;
};

/// What is to be changed of a user; what has no value stays. Whoever is not active any more has no session and no key
/// that counts, and who is no administrator any more no administrator's key: they are ended for good.
struct UserChange {
  std::string id;
  std::optional<std::string> password_hash = std::nullopt;  ///< ends all sessions
  std::optional<Level> level = std::nullopt;
  std::optional<UserState> state = std::nullopt;
};
struct ChangedUser {
  User user;
  std::vector<AccessKey> keys;  ///< all of theirs, as they are now
};

/// Somebody who is signed in. Of the secret in the browser's cookie a hash is kept.
struct Session {
  std::string id;  ///< no secret
  std::string user;
  SecretHash hash{};
  int64_t created_s = 0;
  int64_t seen_s = 0;          ///< in the store up to a minute late
  std::string address, agent;  ///< from where it was begun, and by which program, as that says itself
};

/// A word by which somebody may register. Of its code a hash is kept.
struct Invite {
  std::string id;
  SecretHash hash{};
  std::optional<int64_t> uses_left;  ///< absent: any number
  int64_t used = 0;
  std::string created_by;  ///< a user's name
  int64_t created_s = 0;
  std::optional<int64_t> expires_s, revoked_s;
};

/// What somebody did, or tried to.
struct AuditEntry {
  int64_t id = 0;  ///< the store counts them
  int64_t time_s = 0;
  std::string action;   ///< "user.disable", "key.create", "login"
  std::string actor;    ///< a user's name; "console" on the machine; "" nobody that is known
  std::string target;   ///< on what or whom: a name or an id
  std::string address;  ///< from where; "" for the console
  std::string result;   ///< "ok", or a word that says why not
  std::string request;  ///< x-request-id
};

}  // namespace alice
