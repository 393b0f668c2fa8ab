// Who is signed in: POST, GET and DELETE /v1/auth/sessions, /v1/auth/me, /v1/auth/password.

#include "core/base/utf8.h"
#include "server/front/http/doors/accounts/account_door.h"
#include "server/front/http/doors/accounts/account_fields.h"
#include "server/front/http/doors/accounts/account_json.h"
#include "server/front/http/request_body.h"
#include "server/front/http/schema_parts.h"
#include "server/front/http/session_cookie.h"

namespace alice::accounts_door {
namespace {

constexpr const char* kTooOften = "too many wrong passwords; wait, and try again";

struct Credentials {
  std::string name, password;
};

const OptionTable<Credentials>& credential_options() {
  static const auto table = OptionTable<Credentials>()
                                .text("name", &Credentials::name, "the user's name")
                                .text("password", &Credentials::password, "the user's password");
  return table;
}

Credentials read_credentials(const Json& body) {
  return read_account_fields(body, credential_options(), {"name", "password"});
}
Json credentials_schema() { return account_schema(credential_options(), {"name", "password"}); }

struct NewPassword {
  std::string password, new_password;
};

const OptionTable<NewPassword>& password_options() {
  static const auto table = OptionTable<NewPassword>()
                                .text("password", &NewPassword::password, "the one until now")
                                .text("new_password", &NewPassword::new_password, "8 to 128 bytes");
  return table;
}

NewPassword read_new_password(const Json& body) {
  const auto check = [](const NewPassword& read, const PlaceOf& place, Faults& faults) {
    check_new_password(read.new_password, place("new_password"), faults);
  };
  return read_account_fields<NewPassword>(body, password_options(), {"password", "new_password"}, check);
}
Json new_password_schema() { return account_schema(password_options(), {"password", "new_password"}); }

std::string header_of(const HttpRequest& request, const char* name) {
  const std::string* value = request.header(name);
  return value == nullptr ? "" : *value;
}

SignInPlace place_of(const HttpRequest& request) { return {request.remote_address, header_of(request, "User-Agent")}; }

/// The cookie is all that lets in: scripts of pages need not know it, so the answer does not tell it.
void send_session(const AccountDoor& door, Exchange& exchange, int status, const User& user,
                  const MadeSession& session) {
  const SessionTimes& times = accounts_of(door).people().sessions().times();
  Json answer = session_json(session.session, times, session.session.id);
  answer.update({{"sessionId", session.session.id},
                 {"expiresAt", answer.at("expires")},
                 {"name", user.name},
                 {"level", to_string(user.level)}});
  exchange.send_json(
      status, answer,
      {{"Set-Cookie", set_session_cookie(exchange.request(), session.text, times.longest_s)}});
}

void refuse(const AccountDoor& door, const Exchange& exchange, const std::string& name, SignIn::Verdict verdict) {
  using Verdict = SignIn::Verdict;
  const char* result = verdict == Verdict::wrong ? "wrong" : verdict == Verdict::waiting ? "waiting" : "disabled";
  note(door, exchange, "login", name, result);
  if (verdict == Verdict::waiting) throw ApiError(403, "forbidden", "an administrator has not let you in yet");
  if (verdict == Verdict::disabled) throw ApiError(403, "forbidden", "this user is disabled; ask an administrator");
  ApiError error(401, "unauthorized", "there is no user of this name with this password");
  error.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"ALICE\"");
  throw error;
}

void sign_in(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const Credentials& shown) {
  const std::string subscriber = subscriber_of(exchange->request()), name = brief(shown.name);
  check_rate(door->guesses_from, subscriber, kTooOften);
  check_rate(door->guesses_at, name, kTooOften);
  const auto reply = [door, subscriber, name](const std::shared_ptr<Exchange>& waiting, const SignIn& signed_in) {
    if (signed_in.verdict == SignIn::Verdict::wrong) refuse(*door, *waiting, name, signed_in.verdict);
    door->guesses_from.give_back(subscriber);
    door->guesses_at.give_back(name);
    if (signed_in.verdict != SignIn::Verdict::good) refuse(*door, *waiting, name, signed_in.verdict);
    note(*door, *waiting, "login", name);
    send_session(*door, *waiting, 201, signed_in.user, signed_in.session);
  };
  accounts_of(*door).people().sign_in(shown.name, shown.password, place_of(exchange->request()),
                                      answering<SignIn>(door->context, exchange, reply));
}

void handle_sign_in(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  accounts_of(*door);
  read_body<Credentials>(door->context, exchange, read_credentials, [door](const auto& waiting, Credentials shown) {
    sign_in(door, waiting, shown);
  });
}

void list_sessions(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const Sessions& sessions = accounts_of(*door).people().sessions();
  Json data = Json::array();
  for (const Session& session : sessions.of(exchange->caller().user))
    data.push_back(session_json(session, sessions.times(), exchange->caller().session));
  exchange->send_json(200, {{"object", "list"}, {"data", data}});
}

void end_session(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const Caller& caller = exchange->caller();
  const bool is_current = exchange->param("id") == "current" || exchange->param("id") == caller.session;
  const std::string id = is_current ? caller.session : exchange->param("id");
  const auto reply = [door, is_current](const std::shared_ptr<Exchange>& waiting, const Session& session) {
    note(*door, *waiting, "logout", session.id);
    Headers headers;
    if (is_current) headers.emplace_back("Set-Cookie", set_session_cookie(waiting->request(), "", 0));
    waiting->send_json(200, {{"status", "deleted"}, {"session_id", session.id}}, std::move(headers));
  };
  accounts_of(*door).people().sessions().end(id, caller.user, answering<Session>(door->context, exchange, reply));
}

void answer_me(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const Caller& caller = exchange->caller();
  const auto or_null = [](const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); };
  const SessionTimes times = door->context.accounts == nullptr ? SessionTimes()
                                                               : accounts_of(*door).people().sessions().times();
  exchange->send_json(200, {{"authenticated", !caller.user.empty()},
                            {"name", or_null(caller.user_name)},
                            {"user_id", or_null(caller.user)},
                            {"access_level", to_string(caller.level)},
                            {"is_admin", caller.level == Level::admin},
                            {"scopes", caller.level == Level::anonymous ? "" : caller.scopes.words()},
                            {"key_id", or_null(caller.key)},
                            {"session_id", or_null(caller.session)},
                            {"session_timeout_seconds", times.idle_s},
                            {"inactivity_timeout_seconds", times.idle_s}});
}

// --- one's own password

/// All sessions have ended; who changed it by one goes on with a new one.
void begin_anew(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const User& user) {
  note(*door, *exchange, "user.password", user.id);
  if (exchange->caller().session.empty()) return exchange->send_json(200, {{"status", "ok"}});
  const auto reply = [door, user](const std::shared_ptr<Exchange>& waiting, const MadeSession& session) {
    send_session(*door, *waiting, 200, user, session);
  };
  accounts_of(*door).people().sessions().begin(user.id, place_of(exchange->request()),
                                               answering<MadeSession>(door->context, exchange, reply));
}

void set_password(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const std::string& password) {
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const User& user) {
    begin_anew(door, waiting, user);
  };
  accounts_of(*door).people().set_password(exchange->caller().user, password,
                                           answering<User>(door->context, exchange, reply));
}

void change_password(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const NewPassword& wanted) {
  const std::string user = exchange->caller().user;
  check_rate(door->guesses_at, exchange->caller().user_name, kTooOften);
  const auto reply = [door, next = wanted.new_password](const std::shared_ptr<Exchange>& waiting, bool is_right) {
    const Caller& caller = waiting->caller();
    if (!is_right) {
      note(*door, *waiting, "user.password", caller.user, "wrong");
      throw ApiError(403, "forbidden", "password: is not the one until now", "password");
    }
    door->guesses_at.give_back(caller.user_name);
    set_password(door, waiting, next);
  };
  accounts_of(*door).people().check_password(user, wanted.password,
                                             answering<bool>(door->context, exchange, reply));
}

void handle_change_password(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  read_body<NewPassword>(door->context, exchange, read_new_password, [door](const auto& waiting, NewPassword wanted) {
    change_password(door, waiting, wanted);
  });
}

}  // namespace

std::vector<Route> session_routes(const SharedDoor& door) {
  return {route_of(door, "POST", "/v1/auth/sessions", handle_sign_in,
                   {"signIn", "sign in with a password; the answer sets a cookie", "SignedIn", credentials_schema, 201},
                   Level::anonymous),
          route_of(door, "GET", "/v1/auth/sessions", list_sessions,
                   {"listSessions", "where one is signed in", "SessionList"}, Level::user, true),
          route_of(door, "DELETE", "/v1/auth/sessions/{id}", end_session,
                   {"endSession", "end a session of one's own; current is the one that asks", "SessionEnded"},
                   Level::user, true),
          route_of(door, "GET", "/v1/auth/me", answer_me, {"getMe", "who calls", "Me"}, Level::anonymous),
          route_of(door, "POST", "/v1/auth/password", handle_change_password,
                   {"changePassword", "change one's own password; all other sessions end", "PasswordChanged",
                    new_password_schema},
                   Level::user, true)};
}

}  // namespace alice::accounts_door
