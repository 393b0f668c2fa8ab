#include <iterator>
#include <utility>

#include "server/front/http/doors/comfy/comfy_door.h"
#include "server/front/http/routes.h"

namespace alice {

std::string comfy::caller_of(const Exchange& exchange) {
  const Caller& caller = exchange.caller();
  return caller.owner.empty() ? caller.client : caller.owner;
}

/// Each route has a twin below /api, as newer clients of ComfyUI call it (server.py, add_routes).
std::vector<Route> comfy_routes(FrontContext& context) {
  const auto door = std::make_shared<comfy::Door>(context);
  std::vector<Route> routes, twins;
  for (const auto family : {comfy::prompt_routes, comfy::history_routes, comfy::picture_routes, comfy::list_routes}) {
    std::vector<Route> more = family(door);
    routes.insert(routes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  for (const Route& route : routes) {
    twins.push_back(route);
    twins.back().pattern = "/api" + route.pattern;
    twins.back().operation.id.clear();
  }
  for (Route& twin : twins) routes.push_back(std::move(twin));
  return routes;
}

}  // namespace alice
