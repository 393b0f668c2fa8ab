#include "server/accounts/people.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "server/accounts/key_text.h"
#include "server/accounts/waited.h"

namespace alice {
namespace {

Error no_user() { return {ErrorCode::not_found, "id", "there is no such user"}; }

void check(const NewUser& wanted) {
  if (!is_account_name(wanted.name))
    throw Error(ErrorCode::bad_request, "name",
                "must be a name of 1 to 64 letters on one line, without a blank at either end");
  if (!wanted.password.empty() || wanted.invite) Passwords::check_form(wanted.password);
}

}  // namespace

People::People(AccountStore& store, const Pepper& pepper, SessionTimes times, std::function<int64_t()> now_s,
               std::function<void(const std::string&, const std::vector<AccessKey>&)> on_keys)
    : store_(store),
      pepper_(pepper),
      now_s_(now_s),
      on_keys_(std::move(on_keys)),
      sessions_(store, pepper, times, std::move(now_s)) {
  for (const User& user : waited<std::vector<User>>([&](auto then) { store_.list_users(std::move(then)); }))
    keep(user);
}

void People::keep(const User& user) {
  const std::lock_guard lock(mutex_);
  users_[user.id] = std::make_shared<const User>(user);
}

void People::learn(const AccessKey& key) {
  User user;
  user.id = key.user;
  user.name = key.user_name;
  user.created_s = key.created_s;
  const std::lock_guard lock(mutex_);
  users_.emplace(user.id, std::make_shared<const User>(user));
}

std::shared_ptr<const User> People::find(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = users_.find(id);
  return found == users_.end() ? nullptr : found->second;
}

std::shared_ptr<const User> People::called(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, user] : users_)
    if (user->name == name) return user;
  return nullptr;
}

bool People::has_admin() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(users_.begin(), users_.end(), [](const auto& entry) {
    const User& user = *entry.second;
    return user.level == Level::admin && user.state == UserState::active && !user.password_hash.empty();
  });
}

void People::sign_in(const std::string& name, std::string password, SignInPlace place, Then<SignIn> then) {
  const auto user = called(name);
  const std::string kept = user == nullptr ? "" : user->password_hash, id = user == nullptr ? "" : user->id;
  passwords_.check(std::move(password), kept,
                   [this, id, kept, place = std::move(place), then = std::move(then)](const Outcome<bool>& outcome) {
                     if (const auto* error = std::get_if<Error>(&outcome)) return then(*error);
                     const auto now = find(id);  // it may have been changed meanwhile
                     if (!std::get<bool>(outcome) || now == nullptr || now->password_hash != kept)
                       return then(SignIn{});
                     signed_in(id, place, then);
                   });
}

void People::signed_in(const std::string& id, const SignInPlace& place, const Then<SignIn>& then) {
  const auto user = find(id);
  if (user == nullptr) return then(SignIn{});
  if (user->state == UserState::waiting) return then(SignIn{SignIn::Verdict::waiting, *user});
  if (user->state == UserState::disabled) return then(SignIn{SignIn::Verdict::disabled, *user});
  sessions_.begin(id, place, [user, then](Outcome<MadeSession> outcome) {
    if (const auto* error = std::get_if<Error>(&outcome)) return then(*error);
    then(SignIn{SignIn::Verdict::good, *user, std::get<MadeSession>(std::move(outcome))});
  });
}

void People::add(NewUser wanted, Then<User> then) {
  try {
    check(wanted);
  } catch (const Error& e) {
    return then(e);
  }
  User user;
  user.name = wanted.name;
  user.level = wanted.level;
  user.state = wanted.state;
  const auto invite = wanted.invite ? std::optional(pepper_.hash("invite " + *wanted.invite)) : std::nullopt;
  const auto keep_it = [this, user, invite, then = std::move(then)](Outcome<std::string> hash) {
    if (const auto* error = std::get_if<Error>(&hash)) return then(*error);
    User made = user;
    made.password_hash = std::get<std::string>(std::move(hash));
    made.created_s = now_s_();
    store_.add_user(std::move(made), invite, [this, then](Outcome<User> outcome) {
      if (const auto* kept = std::get_if<User>(&outcome)) keep(*kept);
      then(std::move(outcome));
    });
  };
  if (wanted.password.empty()) return keep_it(std::string());
  passwords_.hash(std::move(wanted.password), keep_it);
}

void People::check_password(const std::string& user, std::string password, Then<bool> then) {
  const auto known = find(user);
  if (known == nullptr) return then(no_user());
  passwords_.check(std::move(password), known->password_hash, std::move(then));
}

void People::set_password(const std::string& user, std::string password, Then<User> then) {
  try {
    Passwords::check_form(password);
  } catch (const Error& e) {
    return then(e);
  }
  passwords_.hash(std::move(password), [this, user, then = std::move(then)](Outcome<std::string> hash) {
    if (const auto* error = std::get_if<Error>(&hash)) return then(*error);
    UserChange wanted;
    wanted.id = user;
    wanted.password_hash = std::get<std::string>(std::move(hash));
    change(std::move(wanted), then);
  });
}

void People::change(UserChange change, Then<User> then) {
  const bool ends_sessions = change.password_hash || (change.state && *change.state != UserState::active);
  store_.change_user(std::move(change), now_s_(),
                     [this, ends_sessions, then = std::move(then)](Outcome<ChangedUser> outcome) {
                       if (const auto* error = std::get_if<Error>(&outcome)) return then(*error);
                       const auto& [user, keys] = std::get<ChangedUser>(outcome);
                       keep(user);
                       if (ends_sessions) sessions_.forget(user.id);
                       on_keys_(user.id, keys);
                       then(user);
                     });
}

void People::remove(const std::string& id, Then<User> then) {
  store_.remove_user(id, [this, then = std::move(then)](Outcome<User> outcome) {
    if (const auto* user = std::get_if<User>(&outcome)) {
      {
        const std::lock_guard lock(mutex_);
        users_.erase(user->id);
      }
      sessions_.forget(user->id);
      on_keys_(user->id, {});
    }
    then(std::move(outcome));
  });
}

void People::make_invite(const NewInvite& wanted, Then<MadeInvite> then) {
  const KeyText text = new_key_text();
  Invite invite;
  invite.id = text.id;
  const std::string code = "invite_" + text.secret;
  invite.hash = pepper_.hash("invite " + code);
  invite.uses_left = wanted.uses;
  invite.created_by = wanted.created_by;
  invite.created_s = now_s_();
  invite.expires_s = wanted.expires_s;
  store_.add_invite(std::move(invite), [code, then = std::move(then)](Outcome<Invite> outcome) {
    if (const auto* error = std::get_if<Error>(&outcome)) return then(*error);
    then(MadeInvite{std::get<Invite>(std::move(outcome)), code});
  });
}

void People::revoke_invite(const std::string& id, Then<Invite> then) {
  store_.revoke_invite(id, now_s_(), std::move(then));
}

}  // namespace alice
