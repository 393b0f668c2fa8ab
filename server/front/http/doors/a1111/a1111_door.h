#pragma once
// What the files of this door share.

#include <memory>
#include <vector>

#include "server/front/http/doors/a1111/client_jobs.h"
#include "server/front/http/doors/a1111/client_options.h"
#include "server/front/http/front_context.h"
#include "server/front/http/router.h"

namespace alice::a1111 {

/// The loop's thread only.
struct Door {
  explicit Door(FrontContext& context) : context(context), jobs(std::make_shared<ClientJobs>(context)) {}

  FrontContext& context;
  ClientOptionsBook options;
  const std::shared_ptr<ClientJobs> jobs;
};
using SharedDoor = std::shared_ptr<Door>;

std::vector<Route> picture_making_routes(const SharedDoor& door);  ///< txt2img, img2img
std::vector<Route> list_routes(const SharedDoor& door);            ///< what there is: models, samplers, ...
std::vector<Route> option_routes(const SharedDoor& door);
std::vector<Route> progress_routes(const SharedDoor& door);  ///< progress, interrupt, skip
std::vector<Route> tool_routes(const SharedDoor& door);      ///< png-info, and what is refused

/// A route of this door: its errors bear "detail", as A1111's do. `answer` is given the exchange.
Route a1111_route(const char* method, const char* pattern, Access access, Handler answer, Operation operation);

}  // namespace alice::a1111
