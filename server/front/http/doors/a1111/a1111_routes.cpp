#include <iterator>
#include <utility>

#include "server/front/http/doors/a1111/a1111_door.h"
#include "server/front/http/routes.h"

namespace alice {

Route a1111::a1111_route(const char* method, const char* pattern, Access access, Handler answer, Operation operation) {
  Route route = {method, pattern, access, std::move(answer), std::move(operation)};
  route.tells_detail = true;
  return route;
}

std::vector<Route> a1111_routes(FrontContext& context) {
  const auto door = std::make_shared<a1111::Door>(context);
  std::vector<Route> routes;
  for (const auto family : {a1111::picture_making_routes, a1111::list_routes, a1111::option_routes,
                            a1111::progress_routes, a1111::tool_routes}) {
    std::vector<Route> more = family(door);
    routes.insert(routes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return routes;
}

}  // namespace alice
