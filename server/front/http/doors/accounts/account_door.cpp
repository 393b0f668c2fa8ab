#include "server/front/http/doors/accounts/account_door.h"

#include <iterator>

#include "core/base/network.h"
#include "core/base/one_line.h"
#include "server/front/http/routes.h"
#include "server/logging.h"

namespace alice {
namespace accounts_door {
namespace {

/// A name may have blanks, which end a word of the log.
std::string word(const std::string& text) { return on_one_line(dump_json(text)); }

}  // namespace

Accounts& accounts_of(const AccountDoor& door) {
  if (door.context.accounts == nullptr) throw ApiError(404, "not_found", "this server has no accounts");
  return *door.context.accounts;
}

std::string subscriber_of(const HttpRequest& request) {
  const auto address = Network::from(request.remote_address);
  return address ? address->subscriber() : request.remote_address;
}

void check_rate(Buckets& limit, const std::string& who, const char* sentence) {
  const int64_t now = steady_ms();
  if (limit.take(who, now)) return;
  ApiError error(429, "rate_limited", sentence);
  error.again = true;
  error.headers.emplace_back("Retry-After", std::to_string(limit.next_after_s(who, now)));
  throw error;
}

void note(const AccountDoor& door, const Exchange& exchange, const std::string& action, const std::string& target,
          const std::string& result) {
  const HttpRequest& request = exchange.request();
  const std::string& actor = exchange.caller().user_name;
  log_audit("action=" + action + (actor.empty() ? "" : " actor=" + word(actor)) +
            (target.empty() ? "" : " target=" + word(target)) + " address=" + request.remote_address +
            " request=" + request.id + " result=" + result);
  AuditEntry entry;
  entry.action = action;
  entry.actor = actor;
  entry.target = target;
  entry.address = request.remote_address;
  entry.result = result;
  entry.request = request.id;
  accounts_of(door).note(std::move(entry));
}

Route route_of(const SharedDoor& door, const char* method, const char* pattern, DoorHandler handler,
               Operation operation, Level level, bool is_for_people) {
  Route route = {method, pattern, Access::guarded,
                 [door, handler](const std::shared_ptr<Exchange>& exchange) { handler(door, exchange); },
                 std::move(operation)};
  route.level = level;
  route.is_for_people = is_for_people;
  return route;
}

}  // namespace accounts_door

std::vector<Route> account_routes(FrontContext& context) {
  using namespace accounts_door;
  const auto door = std::make_shared<AccountDoor>(context);
  std::vector<Route> routes;
  for (const auto family :
       {session_routes, registration_routes, invite_routes, user_routes, key_routes, audit_routes}) {
    std::vector<Route> more = family(door);
    routes.insert(routes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return routes;
}

}  // namespace alice
