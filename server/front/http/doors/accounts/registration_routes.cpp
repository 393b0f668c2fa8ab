// How people come to be users: GET /v1/auth/registration-mode, POST /v1/auth/register and /v1/auth/bootstrap.

#include "server/config/server_options.h"
#include "server/accounts/account_json.h"
#include "server/front/http/doors/accounts/account_door.h"
#include "server/front/http/doors/accounts/account_fields.h"
#include "server/front/http/doors/accounts/account_json.h"
#include "server/front/http/request_body.h"

namespace alice::accounts_door {
namespace {

struct Wanted {
  std::string name, password, invite_code, code;
};

const OptionTable<Wanted>& registration_options() {
  static const auto table = OptionTable<Wanted>()
                                .text("name", &Wanted::name, "1 to 64 letters on one line")
                                .text("password", &Wanted::password, "8 to 128 bytes")
                                .text("invite_code", &Wanted::invite_code, "where registration is by invite");
  return table;
}

const OptionTable<Wanted>& bootstrap_options() {
  static const auto table = OptionTable<Wanted>()
                                .text("code", &Wanted::code, "what `alice users bootstrap` has shown")
                                .text("name", &Wanted::name, "1 to 64 letters on one line")
                                .text("password", &Wanted::password, "8 to 128 bytes");
  return table;
}

/// What is wrong with the form of both is told before anybody looks at names.
void check_form(const Wanted& wanted, const PlaceOf& place, Faults& faults) {
  check_account_name(wanted.name, place("name"), faults);
  check_new_password(wanted.password, place("password"), faults);
}

Wanted read_registration(const Json& body) {
  return read_account_fields(body, registration_options(), {"name", "password"}, check_form);
}
Json registration_schema() { return account_schema(registration_options(), {"name", "password"}); }

Wanted read_bootstrap(const Json& body) {
  return read_account_fields(body, bootstrap_options(), {"code", "name", "password"}, check_form);
}
Json bootstrap_schema() { return account_schema(bootstrap_options(), {"code", "name", "password"}); }

void answer_mode(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const ServerConfig& config = door->context.config;
  std::string mode;
  for (const auto& [word, value] : registration_modes())
    if (mode.empty() && value == config.registration_mode) mode = word;
  exchange->send_json(200, {{"mode", mode}, {"require_auth", config.require_auth}});
}

// --- register

NewUser new_user(const Wanted& wanted, RegistrationMode mode) {
  NewUser user;
  user.name = wanted.name;
  user.password = wanted.password;
  if (mode == RegistrationMode::approval) user.state = UserState::waiting;
  if (mode == RegistrationMode::invite) user.invite = wanted.invite_code;
  return user;
}

void send_registered(Exchange& exchange, RegistrationMode mode) {
  const bool waits = mode == RegistrationMode::approval;
  exchange.send_json(waits ? 202 : 201, {{"status", waits ? "pending" : "created"}});
}

/// Where an administrator looks at each, nobody is told whether a name is taken: they see the same, and are not let in.
bool is_hidden(const Error& error, RegistrationMode mode) {
  return mode == RegistrationMode::approval && error.code() == ErrorCode::bad_request && error.place() == "name";
}

Then<User> on_registered(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, RegistrationMode mode,
                         const std::string& name) {
  using Made = Outcome<User>;
  const auto reply = [door, mode, name](const std::shared_ptr<Exchange>& waiting, const Made& made) {
    if (const auto* error = std::get_if<Error>(&made)) {
      note(*door, *waiting, "user.register", name, error->place().empty() ? to_string(error->code()) : error->place());
      if (!is_hidden(*error, mode)) {
        ApiError refusal = service_error(door->context, *error, pointer_to_param);
        if (error->place() == "name") refusal.status = 409, refusal.code = "conflict";
        if (error->place() == "invite_code") refusal.status = 403, refusal.code = "forbidden";
        throw refusal;
      }
    } else {
      note(*door, *waiting, "user.register", std::get<User>(made).id);
    }
    send_registered(*waiting, mode);
  };
  return [then = answering<Made>(door->context, exchange, reply)](Made made) { then(Outcome<Made>(std::move(made))); };
}

void add_user(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const Wanted& wanted) {
  const RegistrationMode mode = door->context.config.registration_mode;
  if (mode == RegistrationMode::off)
    throw ApiError(403, "forbidden", "nobody can register here (server.registration_mode); ask who runs the server");
  if (mode == RegistrationMode::invite && wanted.invite_code.empty())
    throw ApiError(400, to_string(ErrorCode::bad_request), "invite_code: is missing", "invite_code");
  check_rate(door->registered_from, subscriber_of(exchange->request()),
             "too many have registered from this address; wait, and try again");
  accounts_of(*door).people().add(new_user(wanted, mode), on_registered(door, exchange, mode, wanted.name));
}

void handle_register(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  accounts_of(*door);
  read_body<Wanted>(door->context, exchange, read_registration, [door](const auto& waiting, Wanted wanted) {
    add_user(door, waiting, wanted);
  });
}

// --- the first administrator

void add_first_admin(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const Wanted& wanted) {
  Accounts& accounts = accounts_of(*door);
  check_rate(door->guesses_from, subscriber_of(exchange->request()), "too many wrong codes; wait, and try again");
  if (accounts.people().has_admin() || !accounts.setup_code().take(wanted.code)) {
    note(*door, *exchange, "user.bootstrap", wanted.name, "wrong");
    throw ApiError(403, "forbidden",
                   "this code does not count, or not any more; `alice users bootstrap` on the machine shows one, while "
                   "there is no administrator",
                   "code");
  }
  door->guesses_from.give_back(subscriber_of(exchange->request()));
  NewUser admin;
  admin.name = wanted.name;
  admin.password = wanted.password;
  admin.level = Level::admin;
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const User& user) {
    note(*door, *waiting, "user.bootstrap", user.id);
    waiting->send_json(201, user_to_json(user));
  };
  accounts.people().add(admin, answering<User>(door->context, exchange, reply));
}

void handle_bootstrap(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  accounts_of(*door);
  read_body<Wanted>(door->context, exchange, read_bootstrap, [door](const auto& waiting, Wanted wanted) {
    add_first_admin(door, waiting, wanted);
  });
}

}  // namespace

std::vector<Route> registration_routes(const SharedDoor& door) {
  Operation registering = {"register", "become a user", "Registered", registration_schema, 201};
  registering.other_status = 202;
  return {route_of(door, "GET", "/v1/auth/registration-mode", answer_mode,
                   {"getRegistrationMode", "whether and how people may register", "RegistrationMode"},
                   Level::anonymous),
          route_of(door, "POST", "/v1/auth/register", handle_register, registering, Level::anonymous),
          route_of(door, "POST", "/v1/auth/bootstrap", handle_bootstrap,
                   {"bootstrap", "make the first administrator, with a code from the server's console", "User",
                    bootstrap_schema, 201},
                   Level::anonymous)};
}

}  // namespace alice::accounts_door
