// /v1/auth/users: administrators on users.

#include "server/accounts/account_json.h"
#include "server/front/http/doors/accounts/account_door.h"
#include "server/front/http/doors/accounts/account_fields.h"
#include "server/front/http/doors/accounts/account_json.h"
#include "server/front/http/request_body.h"

namespace alice::accounts_door {
namespace {

struct WantedLevel {
  Level level = Level::user;
};

const OptionTable<WantedLevel>& level_options() {
  static const auto table = OptionTable<WantedLevel>().choice(
      "level", &WantedLevel::level, {{"user", Level::user}, {"admin", Level::admin}}, "of the user's sessions");
  return table;
}

WantedLevel read_level(const Json& body) { return read_account_fields(body, level_options(), {"level"}); }
Json level_schema() { return account_schema(level_options(), {"level"}); }

void list_users(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  std::optional<UserState> wanted;
  for (const auto& [name, value] : exchange->request().query) {
    if (name != "state") throw_if_any(unknown_parameter(name, {"state"}));
    wanted = user_state_from(value);
    Faults faults;
    if (!wanted) faults.add("/state", "must be one of " + dump_json(user_state_words()));
    throw_if_any(faults);
  }
  const auto reply = [wanted](const std::shared_ptr<Exchange>& waiting, const std::vector<User>& users) {
    Json data = Json::array();
    for (const User& user : users)
      if (!wanted || user.state == *wanted) data.push_back(user_to_json(user));
    waiting->send_json(200, {{"object", "list"}, {"data", data}});
  };
  accounts_of(*door).people().list(answering<std::vector<User>>(door->context, exchange, reply));
}

/// So that there is always an administrator left: the one who did it.
void refuse_oneself(const Exchange& exchange) {
  if (exchange.param("id") == exchange.caller().user)
    throw ApiError(409, "conflict", "nobody may do this to themselves; another administrator can, or `alice users`");
}

void change(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, UserChange change,
            const std::string& action) {
  change.id = exchange->param("id");
  const auto reply = [door, action](const std::shared_ptr<Exchange>& waiting, const User& user) {
    note(*door, *waiting, action, user.id);
    waiting->send_json(200, user_to_json(user));
  };
  accounts_of(*door).people().change(std::move(change), answering<User>(door->context, exchange, reply));
}

UserChange to_state(UserState state) {
  UserChange change;
  change.state = state;
  return change;
}

void approve(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  change(door, exchange, to_state(UserState::active), "user.approve");
}
void enable(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  change(door, exchange, to_state(UserState::active), "user.enable");
}
void disable(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  refuse_oneself(*exchange);
  change(door, exchange, to_state(UserState::disabled), "user.disable");
}

void handle_level(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  read_body<WantedLevel>(door->context, exchange, read_level, [door](const auto& waiting, WantedLevel wanted) {
    refuse_oneself(*waiting);
    UserChange level;
    level.level = wanted.level;
    change(door, waiting, level, std::string("user.level_") + to_string(wanted.level));
  });
}

void remove(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  refuse_oneself(*exchange);
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const User& user) {
    note(*door, *waiting, "user.delete", user.name);
    waiting->send_json(200, user_to_json(user));
  };
  accounts_of(*door).people().remove(exchange->param("id"), answering<User>(door->context, exchange, reply));
}

Operation listing() {
  Operation operation = {"listUsers", "the users that there are", "UserList"};
  operation.query = Json::array(
      {{{"name", "state"}, {"in", "query"}, {"schema", {{"type", "string"}, {"enum", user_state_words()}}}}});
  return operation;
}

}  // namespace

std::vector<Route> user_routes(const SharedDoor& door) {
  return {route_of(door, "GET", "/v1/auth/users", list_users, listing(), Level::admin),
          route_of(door, "POST", "/v1/auth/users/{id}/approve", approve,
                   {"approveUser", "let somebody in who has registered", "User"}, Level::admin),
          route_of(door, "POST", "/v1/auth/users/{id}/disable", disable,
                   {"disableUser", "end somebody's sessions and keys, for good", "User"}, Level::admin),
          route_of(door, "POST", "/v1/auth/users/{id}/enable", enable,
                   {"enableUser", "let somebody in again who was disabled", "User"}, Level::admin),
          route_of(door, "POST", "/v1/auth/users/{id}/level", handle_level,
                   {"setUserLevel", "make somebody an administrator, or a user again", "User", level_schema},
                   Level::admin),
          route_of(door, "DELETE", "/v1/auth/users/{id}", remove,
                   {"deleteUser", "remove a user, with sessions and keys", "User"}, Level::admin)};
}

}  // namespace alice::accounts_door
