// GET /images/{file}.

#include "server/front/http/picture_answer.h"
#include "server/front/http/routes.h"

namespace alice {

std::vector<Route> picture_routes(FrontContext& context) {
  Route route = {"GET",
                 "/images/{file}",
                 Access::guarded,
                 [&context](const auto& exchange) { answer_picture(context, exchange, exchange->param("file")); },
                 {"getPicture", "a picture, by its name in an answer's URL", "PictureBytes", {}, 200, "image/png"}};
  route.takes_signature = true;
  return {route};
}

}  // namespace alice
