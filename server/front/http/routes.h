#pragma once
// Every route of the front door, a family a file.

#include <vector>

#include "server/front/http/front_context.h"
#include "server/front/http/router.h"

namespace alice {

// `context` must outlive the routes.
std::vector<Route> health_routes(FrontContext& context);   ///< /health, /livez, /readyz
std::vector<Route> metrics_routes(FrontContext& context);  ///< /metrics
std::vector<Route> model_routes(FrontContext& context);    ///< /v1/models, /v1/plugins, /v1/generation
std::vector<Route> model_deletion_routes(FrontContext& context);  ///< DELETE /v1/models, /v1/loras
std::vector<Route> picture_routes(FrontContext& context);  ///< /images
std::vector<Route> job_routes(FrontContext& context);      ///< /v1/jobs
std::vector<Route> openai_routes(FrontContext& context);   ///< /v1/images/{generations,edits,variations}
std::vector<Route> chat_routes(FrontContext& context);     ///< /v1/chat/completions
std::vector<Route> a1111_routes(FrontContext& context);    ///< /sdapi/v1, and what its clients ask beside it
std::vector<Route> comfy_routes(FrontContext& context);    ///< /prompt, /history, ...: ComfyUI's, with and without /api
std::vector<Route> mcp_routes(FrontContext& context);      ///< /mcp
std::vector<Route> web_routes(FrontContext& context);      ///< /web
std::vector<Route> account_routes(FrontContext& context);  ///< /v1/auth

}  // namespace alice
