#include "server/accounts/sqlite/user_rows.h"

#include <sodium.h>

#include <array>

namespace alice {
namespace {

constexpr size_t kIdBytes = 8;

std::string new_id() {
  std::array<unsigned char, kIdBytes> bytes;
  randombytes_buf(bytes.data(), bytes.size());
  return in_hex(bytes.data(), bytes.size());
}

}  // namespace

User UserRows::read(const StatementUse& use) const {
  User user;
  user.id = use.text(0);
  user.name = use.text(1);
  user.password_hash = use.text(2);
  const auto level = level_from(use.text(3));
  const auto state = user_state_from(use.text(4));
  if (!level || !state) throw db_.never_written("the user " + user.id);
  user.level = *level;
  user.state = *state;
  user.created_s = use.integer(5);
  return user;
}

std::string UserRows::active_called(const std::string& name, int64_t now_s) {
  {
    StatementUse use(find_name_, name);
    if (use.step()) {
      const User user = read(use);
      if (user.state == UserState::active) return user.id;
      throw Error(ErrorCode::bad_request, "user",
                  user.state == UserState::waiting ? "waits to be approved" : "is disabled");
    }
  }
  User user;
  user.name = name;
  user.created_s = now_s;
  return add(user).id;
}

User UserRows::add(User user) {
  {
    StatementUse use(find_like_, user.name);
    if (use.step()) throw Error(ErrorCode::bad_request, "name", "is taken; capital letters do not tell names apart");
  }
  user.id = new_id();
  StatementUse(add_, user.id, user.name, user.password_hash, std::string(to_string(user.level)),
               std::string(to_string(user.state)), user.created_s)
      .run();
  return user;
}

std::vector<User> UserRows::all() {
  std::vector<User> users;
  for (StatementUse use(list_); use.step();) users.push_back(read(use));
  return users;
}

User UserRows::called(const std::string& id) {
  StatementUse use(find_, id);
  if (!use.step()) throw Error(ErrorCode::not_found, "id", "there is no such user");
  return read(use);
}

User UserRows::change(const UserChange& change) {
  User user = called(change.id);
  if (change.password_hash) user.password_hash = *change.password_hash;
  if (change.level) user.level = *change.level;
  if (change.state) user.state = *change.state;
  StatementUse(change_, user.id, user.password_hash, std::string(to_string(user.level)),
               std::string(to_string(user.state)))
      .run();
  return user;
}

void UserRows::remove(const std::string& id) { StatementUse(remove_, id).run(); }

}  // namespace alice
