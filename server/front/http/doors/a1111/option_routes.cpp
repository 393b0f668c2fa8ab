// GET and POST /sdapi/v1/options. A1111 has one set of them for everybody; here each client has its own, so that its
// choice of a model is nobody else's.

#include "server/front/http/doors/a1111/a1111_door.h"
#include "server/front/http/doors/a1111/checkpoint_names.h"
#include "server/front/http/doors/a1111/request_fields.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/model_list.h"
#include "server/front/http/request_body.h"
#include "server/front/http/request_schema.h"

namespace alice::a1111 {
namespace {

/// What a client may change; all else that it sends back is passed over.
struct Changes {
  std::optional<std::string> checkpoint;
  std::optional<int64_t> clip_layer, preview_every;
};

const OptionTable<Changes>& change_options() {
  using C = Changes;
  static const auto table =
      OptionTable<C>()
          .text("sd_model_checkpoint", &C::checkpoint, "a title of GET /sdapi/v1/sd-models")
          .integer("CLIP_stop_at_last_layers", &C::clip_layer, {1, 101},
                   "the text encoder's layer that counts, from the last one, 1")
          .integer("show_progress_every_n_steps", &C::preview_every, {-1, 1000}, "steps between previews; 0, -1: none");
  return table;
}

std::string model_of(const ServerState& state, const ClientOptions& options) {
  if (!options.model.empty() && !find_checkpoint(state, options.model).empty()) return options.model;
  const Json model = described_model(state, "");
  return model.is_object() ? model.value("id", "") : "";
}

void answer_options(const SharedDoor& door, Exchange& exchange) {
  const auto state = door->context.jobs.state();
  const ClientOptions options = door->options.of(exchange.caller().client);
  const std::string id = model_of(*state, options);
  std::string hash;
  for (const Checkpoint& one : list_checkpoints(*state))
    if (one.id == id) hash = one.sha256;
  exchange.send_json(200, {{"sd_model_checkpoint", title_of(*state, id)},
                           {"sd_checkpoint_hash", hash},
                           {"CLIP_stop_at_last_layers", options.clip_layer},
                           {"show_progress_every_n_steps", options.preview_every},
                           {"sd_vae", "Automatic"},
                           {"samples_format", "png"},
                           {"samples_save", true},
                           {"grid_save", false},
                           {"return_grid", false},
                           {"enable_pnginfo", true},
                           {"upscaler_for_img2img", "None"},
                           {"face_restoration_model", nullptr},
                           {"eta_noise_seed_delta", 0}});
}

Changes read_changes(const Json& body) {
  Faults faults;
  const Changes changes = change_options().read(body, UnknownKeys::pass_over, json_places(""), faults);
  throw_if_any(faults);
  return changes;
}

void change(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const Changes& changes) {
  const auto state = door->context.jobs.state();
  const std::string client = exchange->caller().client;
  ClientOptions options = door->options.of(client);
  if (const std::string name = changes.checkpoint.value_or(""); !name.empty()) {
    options.model = find_checkpoint(*state, name);
    if (options.model.empty())
      throw ApiError(404, to_string(ErrorCode::not_found),
                     "Checkpoint not found: GET /sdapi/v1/sd-models lists those that there are", "sd_model_checkpoint");
  }
  options.clip_layer = changes.clip_layer.value_or(options.clip_layer);
  options.preview_every = std::max<int64_t>(changes.preview_every.value_or(options.preview_every), 0);
  door->options.keep(client, std::move(options));
  exchange->send_json(200, nullptr);
}

}  // namespace

std::vector<Route> option_routes(const SharedDoor& door) {
  Operation post = {"a1111SetOptions", "choose a model for this client; other options are passed over", "Nothing"};
  post.body = [] {
    return Json{{"type", "object"}, {"properties", option_schemas(change_options())}, {"additionalProperties", true}};
  };
  Route change_route = a1111_route(
      "POST", "/sdapi/v1/options", Access::guarded,
      [door](const auto& exchange) {
        read_body<Changes>(door->context, exchange, read_changes, [door](const auto& waiting, const Changes& changes) {
          change(door, waiting, changes);
        });
      },
      post);
  change_route.body_limit = kPromptsBody;
  return {a1111_route("GET", "/sdapi/v1/options", Access::guarded,
                      [door](const auto& exchange) { answer_options(door, *exchange); },
                      {"a1111Options", "what holds for this client", "A1111Options"}),
          change_route};
}

}  // namespace alice::a1111
