#include "server/accounts/user_commands.h"

#include <utility>

#include "server/accounts/account_json.h"
#include "server/accounts/waited.h"

namespace alice {
namespace {

Json answered(const User& user) { return {{"user", user_to_json(user)}}; }

std::string id_of(const Accounts& accounts, const Json& question) {
  const std::string name = question.at("name");
  const auto user = accounts.people().called(name);
  if (user == nullptr) throw Error(ErrorCode::not_found, "name", "there is no user of this name");
  return user->id;
}

Json create(Accounts& accounts, const Json& question) {
  NewUser user;
  user.name = question.at("name");
  user.password = question.at("password");
  Passwords::check_form(user.password);
  const auto level = level_from(question.value("level", "user"));
  if (!level || *level == Level::anonymous) throw Error(ErrorCode::bad_request, "level", "must be user or admin");
  user.level = *level;
  return answered(waited<User>([&](auto then) { accounts.people().add(user, std::move(then)); }));
}

Json change(Accounts& accounts, const Json& question, UserState state) {
  UserChange change;
  change.id = id_of(accounts, question);
  change.state = state;
  return answered(waited<User>([&](auto then) { accounts.people().change(change, std::move(then)); }));
}

Json set_password(Accounts& accounts, const Json& question) {
  const std::string id = id_of(accounts, question), password = question.at("password");
  return answered(waited<User>([&](auto then) { accounts.people().set_password(id, password, std::move(then)); }));
}

Json list(Accounts& accounts) {
  Json users = Json::array();
  for (const User& user : waited<std::vector<User>>([&](auto then) { accounts.people().list(std::move(then)); }))
    users.push_back(user_to_json(user));
  return {{"users", users}};
}

Json bootstrap(Accounts& accounts) {
  if (accounts.people().has_admin())
    throw Error(ErrorCode::bad_request, "", "there is an administrator already, who can make others");
  return {{"code", accounts.setup_code().make()}};
}

Json answer(Accounts& accounts, const Json& question) {
  const std::string what = question.at("do");
  if (what == "create") return create(accounts, question);
  if (what == "list") return list(accounts);
  if (what == "disable") return change(accounts, question, UserState::disabled);
  if (what == "enable" || what == "approve") return change(accounts, question, UserState::active);
  if (what == "password") return set_password(accounts, question);
  if (what == "bootstrap") return bootstrap(accounts);
  throw Error(ErrorCode::bad_request, "do", "must be create, list, disable, enable, approve, password or bootstrap");
}

}  // namespace

Json answer_user_command(Accounts& accounts, const Json& question) {
  try {
    return answer(accounts, question);
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::bad_request, "", std::string("is no question about users: ") + e.what());
  }
}

}  // namespace alice
