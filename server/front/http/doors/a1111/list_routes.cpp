// What there is: checkpoints, samplers, schedulers, LoRAs. A1111 has lists of more, which are empty here; clients ask
// for all of them when they start.

#include "core/base/machine_memory.h"
#include "server/front/http/doors/a1111/a1111_door.h"
#include "server/front/http/doors/a1111/checkpoint_names.h"
#include "server/front/http/doors/a1111/sampler_names.h"

namespace alice::a1111 {
namespace {

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json checkpoints(const ServerState& state) {
  Json list = Json::array();
  for (const Checkpoint& one : list_checkpoints(state))
    list.push_back({{"title", one.title},
                    {"model_name", one.model_name},
                    {"hash", or_null(one.short_hash())},
                    {"sha256", or_null(one.sha256)},
                    {"filename", one.file_name},
                    {"config", nullptr}});
  return list;
}

Json samplers(const ServerState& state) {
  Json list = Json::array();
  for (const Sampler& one : list_samplers(state.description))
    list.push_back({{"name", one.name}, {"aliases", one.aliases}, {"options", Json::object()}});
  return list;
}

Json schedulers(const ServerState& state) {
  Json list = Json::array();
  for (const Spacing& one : list_spacings(state.description))
    list.push_back({{"name", one.name},
                    {"label", one.label},
                    {"aliases", nullptr},
                    {"default_rho", -1.0},
                    {"need_inner_model", false}});
  return list;
}

Json loras(const ServerState& state) {
  Json list = Json::array();
  for (const Json& lora : state.description.value("loras", Json::array())) {
    const std::string id = lora.value("id", "");
    Json facts = Json::object();
    for (const char* name : {"trigger_words", "base_model"})
      if (lora.contains(name)) facts[name] = lora[name];
    list.push_back({{"name", id}, {"alias", id}, {"path", id}, {"metadata", facts}});
  }
  return list;
}

Json upscalers(const ServerState&) {
  return Json::array(
      {{{"name", "None"}, {"model_name", nullptr}, {"model_path", nullptr}, {"model_url", nullptr}, {"scale", 1}}});
}

Json memory(const ServerState&) {
  const int64_t used = resident_memory(), free = available_memory().value_or(0);
  return {{"ram", {{"free", free}, {"used", used}, {"total", free + used}}}};
}

Json empty_list(const ServerState&) { return Json::array(); }
Json empty_object(const ServerState&) { return Json::object(); }
Json embeddings(const ServerState&) { return {{"loaded", Json::object()}, {"skipped", Json::object()}}; }
Json scripts(const ServerState&) { return {{"txt2img", Json::array()}, {"img2img", Json::array()}}; }
Json gradio_config(const ServerState&) { return {{"title", "ALICE"}, {"version", ALICE_VERSION}}; }

/// Whatever is refreshed, workers look for models and LoRAs again.
void refresh(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  if (door->context.jobs.state()->workers == 0) {
    ApiError error(503, to_string(ErrorCode::busy), "no worker is ready that could look");
    error.again = true;
    error.headers.emplace_back("Retry-After", "1");
    throw error;
  }
  door->context.jobs.refresh(answering<Json>(door->context, exchange, [](const auto& waiting, const Json&) {
    waiting->send_json(200, nullptr);
  }));
}

}  // namespace

std::vector<Route> list_routes(const SharedDoor& door) {
  using List = Json (*)(const ServerState&);
  const auto list = [&door](const char* method, const char* pattern, List make, const char* id, const char* summary,
                            const char* answer) {
    return a1111_route(method, pattern, Access::open,
                       [door, make](const auto& exchange) {
                         exchange->send_json(200, make(*door->context.jobs.state()));
                       },
                       {id, summary, answer});
  };
  const auto look = [&door](const char* method, const char* pattern, const char* id) {
    return a1111_route(method, pattern, Access::guarded, [door](const auto& exchange) { refresh(door, exchange); },
                       {id, "look for models and LoRAs again", "Nothing"});
  };
  return {
      list("GET", "/sdapi/v1/sd-models", checkpoints, "a1111Models", "the models, as checkpoints", "A1111Models"),
      list("GET", "/sdapi/v1/samplers", samplers, "a1111Samplers", "the sampling algorithms", "A1111Samplers"),
      list("GET", "/sdapi/v1/schedulers", schedulers, "a1111Schedulers", "how noise levels may be spread",
           "A1111Schedulers"),
      list("GET", "/sdapi/v1/loras", loras, "a1111Loras", "the LoRAs", "A1111Loras"),
      list("GET", "/sdapi/v1/upscalers", upscalers, "a1111Upscalers", "None alone", "A1111Upscalers"),
      list("GET", "/sdapi/v1/latent-upscale-modes", empty_list, "a1111LatentUpscaleModes", "none", "EmptyList"),
      list("GET", "/sdapi/v1/sd-vae", empty_list, "a1111Vaes", "none: models have their own", "EmptyList"),
      list("GET", "/sdapi/v1/sd-modules", empty_list, "a1111Modules", "none: models have their own", "EmptyList"),
      list("GET", "/sdapi/v1/embeddings", embeddings, "a1111Embeddings", "none", "A1111Embeddings"),
      list("GET", "/sdapi/v1/hypernetworks", empty_list, "a1111Hypernetworks", "none", "EmptyList"),
      list("GET", "/sdapi/v1/face-restorers", empty_list, "a1111FaceRestorers", "none", "EmptyList"),
      list("GET", "/sdapi/v1/realesrgan-models", empty_list, "a1111RealesrganModels", "none", "EmptyList"),
      list("GET", "/sdapi/v1/prompt-styles", empty_list, "a1111PromptStyles", "none", "EmptyList"),
      list("GET", "/sdapi/v1/scripts", scripts, "a1111Scripts", "none", "A1111Scripts"),
      list("GET", "/sdapi/v1/script-info", empty_list, "a1111ScriptInfo", "none", "EmptyList"),
      list("GET", "/sdapi/v1/extensions", empty_list, "a1111Extensions", "none", "EmptyList"),
      list("GET", "/sdapi/v1/cmd-flags", empty_object, "a1111CommandFlags", "none", "EmptyObject"),
      list("GET", "/sdapi/v1/memory", memory, "a1111Memory", "bytes of the front's process", "A1111Memory"),
      list("GET", "/internal/ping", empty_object, "a1111Ping", "is somebody there", "EmptyObject"),
      list("GET", "/config", gradio_config, "a1111Config", "what AIYA asks to know whether it must sign in",
           "A1111Config"),
      list("POST", "/login", empty_object, "a1111Login", "is passed over: there is no sign-in here", "EmptyObject"),
      list("POST", "/sdapi/v1/unload-checkpoint", empty_object, "a1111Unload",
           "is passed over: the server manages its models itself", "EmptyObject"),
      list("POST", "/sdapi/v1/reload-checkpoint", empty_object, "a1111Reload",
           "is passed over: the server manages its models itself", "EmptyObject"),
      look("POST", "/sdapi/v1/refresh-checkpoints", "a1111RefreshModels"),
      look("POST", "/sdapi/v1/refresh-loras", "a1111RefreshLoras"),
      look("POST", "/sdapi/v1/refresh-vae", "a1111RefreshVaes"),
      look("POST", "/sdapi/v1/refresh-embeddings", "a1111RefreshEmbeddings")};
}

}  // namespace alice::a1111
