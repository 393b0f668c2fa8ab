// Whether the server lives and can work. Answered from the service's snapshot: these never wait for anything.

#include "server/front/http/client_text.h"
#include "server/front/http/model_list.h"
#include "server/front/http/routes.h"

namespace alice {
namespace {

int64_t uptime_seconds(const FrontContext& context) {
  const auto up = std::chrono::steady_clock::now() - context.facts.started;
  return std::chrono::duration_cast<std::chrono::seconds>(up).count();
}

void answer_health(const FrontContext& context, Exchange& exchange) {
  const auto state = context.jobs.state();
  const int64_t models = count_models(state->description), uptime = uptime_seconds(context);
  // Each fact in the spellings of both kinds of clients. Of GPUs a worker says nothing.
  exchange.send_json(200, {{"status", state->not_ready.empty() ? "ok" : "starting"},
                           {"version", ALICE_VERSION},
                           {"backend", state->description.value("backend", "")},
                           {"gpuAvailable", false},
                           {"gpu_available", false},
                           {"gpuStatsAvailable", false},
                           {"gpu_stats_available", false},
                           {"modelsLoaded", models},
                           {"models_loaded", models},
                           {"uptimeSeconds", uptime},
                           {"uptime_seconds", uptime},
                           {"groups", json_without_folders(list_groups(*state), context.facts.folders)}});
}

void answer_ready(const FrontContext& context, Exchange& exchange) {
  const auto state = context.jobs.state();
  if (state->not_ready.empty()) return exchange.send_json(200, {{"status", "ready"}});
  std::string reasons;
  for (const std::string& reason : state->not_ready) reasons += (reasons.empty() ? "" : "; ") + without_folders(reason, context.facts.folders);
  ApiError error(503, "not_ready", reasons);
  error.again = true;
  error.headers.emplace_back("Retry-After", "1");
  error.headers.emplace_back("Cache-Control", "no-store");
  exchange.fail(error);
}

}  // namespace

std::vector<Route> health_routes(FrontContext& context) {
  const auto health = [&context](const auto& exchange) { answer_health(context, *exchange); };
  const auto ready = [&context](const auto& exchange) { answer_ready(context, *exchange); };
  const auto alive = [](const auto& exchange) { exchange->send_json(200, {{"status", "alive"}}); };
  std::vector<Route> routes = {
      {"GET", "/health", Access::open, health, {"getHealth", "how the server and its workers are", "Health"}},
      {"GET", "/api/health", Access::open, health},
      {"GET", "/livez", Access::any_name, alive, {"getLive", "the front answers", "Status"}},
      {"GET", "/readyz", Access::open, ready, {"getReady", "a worker is ready; 503 while none is", "Status"}}};
  for (Route& route : routes) route.is_probe = true, route.level = Level::anonymous;
  return routes;
}

}  // namespace alice
