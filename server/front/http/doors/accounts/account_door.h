#pragma once
// What the routes of /v1/auth share.

#include <functional>
#include <memory>
#include <string>

#include "server/accounts/accounts.h"
#include "server/front/http/buckets.h"
#include "server/front/http/front_context.h"
#include "server/front/http/router.h"

namespace alice::accounts_door {

/// On the loop's thread.
struct AccountDoor {
  explicit AccountDoor(FrontContext& context) : context(context) {}

  FrontContext& context;
  /// How often somebody may guess: from an address, and at a name, from wherever. And how often an address may
  /// register.
  Buckets guesses_from{5}, guesses_at{10}, registered_from{3, 3'600'000};
};
using SharedDoor = std::shared_ptr<AccountDoor>;
using DoorHandler = void (*)(const SharedDoor&, const std::shared_ptr<Exchange>&);

/// Throws ApiError 404 where the server has none.
Accounts& accounts_of(const AccountDoor& door);
/// The client's address, or, of IPv6, its /64.
std::string subscriber_of(const HttpRequest& request);
/// Notes a try. Throws ApiError 429 when it is one too many.
void check_rate(Buckets& limit, const std::string& who, const char* sentence);

/// One who calls did, or tried to do, something: a line in the log, and one in the audit. `target` is an id or a name;
/// `result`: "ok", or a word.
void note(const AccountDoor& door, const Exchange& exchange, const std::string& action, const std::string& target,
          const std::string& result = "ok");

Route route_of(const SharedDoor& door, const char* method, const char* pattern, DoorHandler handler,
               Operation operation, Level level, bool is_for_people = false);

// The families of routes.
std::vector<Route> session_routes(const SharedDoor& door);
std::vector<Route> registration_routes(const SharedDoor& door);
std::vector<Route> invite_routes(const SharedDoor& door);
std::vector<Route> user_routes(const SharedDoor& door);
std::vector<Route> key_routes(const SharedDoor& door);
std::vector<Route> audit_routes(const SharedDoor& door);

}  // namespace alice::accounts_door
