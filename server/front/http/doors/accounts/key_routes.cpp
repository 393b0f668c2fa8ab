// /v1/auth/keys: one's own keys, and for administrators everybody's.

#include <algorithm>

#include "server/front/http/doors/accounts/account_door.h"
#include "server/front/http/doors/accounts/account_fields.h"
#include "server/front/http/doors/accounts/account_json.h"
#include "server/front/http/request_body.h"

namespace alice::accounts_door {
namespace {

constexpr int64_t kDayS = 24 * 3600;
/// Of one user that count, so that nobody fills the server's memory.
constexpr int64_t kMostKeys = 100;

struct WantedKey {
  std::string name;
  std::optional<Level> level, access_level;
  std::optional<bool> is_admin;
  std::optional<std::string> scopes;
  std::optional<int64_t> expires_days;
};

const OptionTable<WantedKey>& key_options() {
  using K = WantedKey;
  static const Choices<Level> levels = {{"user", Level::user}, {"admin", Level::admin}};
  static const auto table =
      OptionTable<K>()
          .text("name", &K::name, "what the key is called")
          .choice("level", &K::level, levels, "user, or, for administrators, admin; null: user")
          .boolean("is_admin", &K::is_admin, "the original ALICE's word for level admin")
          .choice("access_level", &K::access_level, levels, "the original ALICE's word for level")
          .text("scopes", &K::scopes, "words of read, generate, models:write, admin; null: the level's usual ones")
          .integer("expires_days", &K::expires_days, {1, 36500}, "how long it counts; null: always", "days");
  return table;
}

void check_words(const WantedKey& wanted, const PlaceOf& place, Faults& faults) {
  check_account_name(wanted.name, place("name"), faults);
  if (wanted.scopes && !Scopes::from(*wanted.scopes))
    faults.add(place("scopes"), "must be words of " + dump_json(scope_words()) + " with blanks between");
}

/// The highest of the three that are said.
Level level_of(const WantedKey& wanted) {
  const Level of_original = wanted.is_admin.value_or(false) ? Level::admin : Level::user;
  return std::max({of_original, wanted.level.value_or(Level::user), wanted.access_level.value_or(Level::user)});
}

NewKey read_key(const Json& body) {
  const WantedKey wanted = read_account_fields(body, key_options(), {"name"}, check_words);
  NewKey key;
  key.name = wanted.name;
  key.level = level_of(wanted);
  key.scopes = wanted.scopes ? *Scopes::from(*wanted.scopes) : Scopes::usual(key.level);
  if (wanted.expires_days) key.expires_s = *wanted.expires_days * kDayS;  // from now on: make_key()
  return key;
}
Json key_schema() { return account_schema(key_options(), {"name"}); }

/// Nobody's key may do more than they.
void check_rights(const Caller& caller, const NewKey& key) {
  const auto usual = Scopes::usual(caller.level);
  const bool is_more = key.level > caller.level ||
                       (!usual.has(Scope::models_write) && key.scopes.has(Scope::models_write)) ||
                       (!usual.has(Scope::admin) && key.scopes.has(Scope::admin));
  if (is_more)
    throw ApiError(403, "forbidden", "a key cannot be made for more than you may do yourself: you are of level '" +
                                         std::string(to_string(caller.level)) + "'");
}

/// While no keys are asked for a user's session is of level user already.
void make_key(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, NewKey key) {
  Accounts& accounts = accounts_of(*door);
  const Caller& caller = exchange->caller();
  check_rights(caller, key);
  if (accounts.people().find(caller.user) == nullptr)
    throw ApiError(403, "forbidden", "the key of the configuration can make no others");
  if (accounts.count_keys(caller.user) >= kMostKeys)
    throw ApiError(409, "conflict", "you have " + std::to_string(kMostKeys) + " keys that count; revoke some of them");
  key.user = caller.user_name;
  if (key.expires_s) *key.expires_s += accounts.now_s();
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const MadeKey& made) {
    note(*door, *waiting, "key.create", made.key.id);
    waiting->send_json(201, {{"key", made.text}, {"info", key_json(made.key)}});
  };
  accounts.create(key, answering<MadeKey>(door->context, exchange, reply));
}

void handle_make_key(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  read_body<NewKey>(door->context, exchange, read_key, [door](const auto& waiting, NewKey key) {
    make_key(door, waiting, std::move(key));
  });
}

void list_keys(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const auto reply = [](const std::shared_ptr<Exchange>& waiting, const std::vector<AccessKey>& keys) {
    const Caller& caller = waiting->caller();
    Json data = Json::array();
    for (const AccessKey& key : keys)
      if (caller.level == Level::admin || key.user == caller.user) data.push_back(key_json(key));
    waiting->send_json(200, {{"object", "list"}, {"data", data}});
  };
  accounts_of(*door).list(answering<std::vector<AccessKey>>(door->context, exchange, reply));
}

void revoke_key(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  Accounts& accounts = accounts_of(*door);
  const Caller& caller = exchange->caller();
  const std::string& id = exchange->param("id");
  const auto key = accounts.find(id);
  if (key == nullptr || (caller.level != Level::admin && key->user != caller.user))
    throw ApiError(404, "not_found", "there is no key of this id", "id");
  const auto reply = [door](const std::shared_ptr<Exchange>& waiting, const AccessKey& revoked) {
    note(*door, *waiting, "key.revoke", revoked.id);
    waiting->send_json(200, {{"status", "revoked"}, {"key_id", revoked.id}});
  };
  accounts.revoke(id, answering<AccessKey>(door->context, exchange, reply));
}

}  // namespace

std::vector<Route> key_routes(const SharedDoor& door) {
  return {route_of(door, "POST", "/v1/auth/keys/generate", handle_make_key,
                   {"createKey", "make a key of one's own; it is shown this once", "MadeKey", key_schema, 201},
                   Level::user, true),
          route_of(door, "GET", "/v1/auth/keys", list_keys,
                   {"listKeys", "one's own keys; for administrators everybody's", "KeyList"}, Level::user, true),
          route_of(door, "DELETE", "/v1/auth/keys/{id}", revoke_key,
                   {"deleteKey", "end a key, for good", "KeyEnded"}, Level::user, true),
          route_of(door, "POST", "/v1/auth/keys/{id}/revoke", revoke_key,
                   {"revokeKey", "the same", "KeyEnded"}, Level::user, true)};
}

}  // namespace alice::accounts_door
