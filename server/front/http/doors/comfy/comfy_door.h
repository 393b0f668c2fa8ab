#pragma once
// What the files of this door share.

#include <memory>
#include <string>
#include <vector>

#include "server/front/http/doors/comfy/prompt_book.h"
#include "server/front/http/doors/comfy/uploads.h"
#include "server/front/http/front_context.h"
#include "server/front/http/router.h"

namespace alice::comfy {

/// The loop's thread only.
struct Door {
  explicit Door(FrontContext& context) : context(context), prompts(std::make_shared<PromptBook>(context)) {}

  FrontContext& context;
  const std::shared_ptr<PromptBook> prompts;
  Uploads uploads;
};
using SharedDoor = std::shared_ptr<Door>;

std::vector<Route> prompt_routes(const SharedDoor& door);   ///< /prompt
std::vector<Route> history_routes(const SharedDoor& door);  ///< /history, /queue, /interrupt
std::vector<Route> picture_routes(const SharedDoor& door);  ///< /view, /upload/image
std::vector<Route> list_routes(const SharedDoor& door);     ///< what there is: nodes, models, the machine

/// Whose prompts and uploads are meant: the user's, or while there are no keys the address's.
std::string caller_of(const Exchange& exchange);

}  // namespace alice::comfy
