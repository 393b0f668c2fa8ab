// What the server offers: models, plugins, and what a request means where it says nothing.

#include "core/base/text.h"
#include "server/front/http/client_text.h"
#include "server/front/http/model_list.h"
#include "server/front/http/routes.h"
#include "server/front/http/schema_parts.h"

namespace alice {
namespace {

/// Without what would tell where files are.
void send_told(const FrontContext& context, Exchange& exchange, const Json& answer) {
  exchange.send_json(200, json_without_folders(answer, context.facts.folders));
}

/// Throws ApiError when there is no model of that name.
Json model_called(const FrontContext& context, const std::string& name) {
  Json model = find_model(*context.jobs.state(), name);
  if (model.is_null())
    throw ApiError(404, "not_found", "there is no model of that id; GET /v1/models lists them", "model");
  return model;
}

/// As the original ALICE tells of a model at .../info.
Json info_of(const Json& model) {
  const auto sides = [&](const char* name) { return model.value("defaults", Json::object()).value(name, Json()); };
  Json sizes = Json::array();
  if (sides("width").is_number() && sides("height").is_number())
    sizes.push_back({{"width", sides("width")},
                     {"height", sides("height")},
                     {"label", dump_json(sides("width")) + "x" + dump_json(sides("height"))}});
  return {{"id", model.at("id")},
          {"name", model.at("name")},
          {"model_type", model.at("architecture")},
          {"native_resolution", model.value("native_size", Json())},
          {"recommended_resolutions", sizes},
          {"size_mb", model.at("size_mb")},
          {"created", model.at("created")}};
}

void answer_model(const FrontContext& context, Exchange& exchange) {
  constexpr const char* kInfo = "/info";
  const std::string& name = exchange.param("id");
  const Json model = find_model(*context.jobs.state(), name);
  if (model.is_object() || !ends_with(name, kInfo)) return send_told(context, exchange, model_called(context, name));
  const std::string before = name.substr(0, name.size() - std::string_view(kInfo).size());
  send_told(context, exchange, info_of(model_called(context, before)));
}

void answer_models(FrontContext& context, Exchange& exchange) {
  const auto state = context.jobs.state();
  std::string version = std::to_string(state->description_version);
  for (const GroupState& group : state->groups) version.append(" ").append(word_of(group));
  context.kept_models.send(exchange, version, "", [&] {
    return dump_json(json_without_folders(list_models(*state), context.facts.folders));
  });
}

void answer_plugins(FrontContext& context, Exchange& exchange) {
  const auto state = context.jobs.state();
  context.kept_plugins.send(exchange, std::to_string(state->description_version), "", [&] {
    return dump_json(json_without_folders(state->description.value("plugins", Json::object()), context.facts.folders));
  });
}

/// Of one model, or of any.
void answer_defaults(const FrontContext& context, Exchange& exchange) {
  std::string model;
  for (const auto& [name, value] : exchange.request().query) {
    if (name != "model") throw_if_any(unknown_parameter(name, {"model"}));
    model = value;
  }
  const auto state = context.jobs.state();
  Json defaults = state->description.value("generation_defaults", context.facts.generation_defaults);
  if (!model.empty()) defaults = model_called(context, model).value("defaults", defaults);
  exchange.send_json(200, defaults);
}

Json defaults_parameters() {
  return Json::array({{{"name", "model"},
                       {"in", "query"},
                       {"description", "what a request for it means; absent: for a model that says nothing"},
                       {"schema", reference_to("ModelId")}}});
}

void refresh(const FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  if (context.jobs.state()->workers == 0) {
    ApiError error(503, to_string(ErrorCode::busy), "no worker is ready that could look");
    error.again = true;
    error.headers.emplace_back("Retry-After", "1");
    throw error;
  }
  context.jobs.refresh(answering<Json>(context, exchange, [](const auto& waiting, const Json& description) {
    const Json loras = description.value("loras", Json::array());
    waiting->send_json(200,
                       {{"status", "ok"}, {"models_found", count_models(description)}, {"loras_found", loras.size()}});
  }));
}

const char* word_of(GroupReload::Outcome outcome) {
  switch (outcome) {
    case GroupReload::Outcome::unchanged: return "unchanged";
    case GroupReload::Outcome::loaded: return "loaded";
    case GroupReload::Outcome::refused: return "refused";
  }
  return "";
}

void answer_reload(const FrontContext& context, Exchange& exchange, const std::vector<GroupReload>& groups) {
  const auto& folders = context.facts.folders;
  Json list = Json::array();
  std::string refusals;
  for (const GroupReload& group : groups) {
    list.push_back({{"group", group.group},
                    {"outcome", word_of(group.outcome)},
                    {"plugins", json_without_folders(group.libraries, folders)}});
    if (group.outcome == GroupReload::Outcome::refused)
      refusals += (refusals.empty() ? "" : "; ") + group.group + ": " + without_folders(group.reason, folders);
  }
  if (!refusals.empty())
    throw ApiError(409, "reload_refused", "the workers stay as they were in the groups that follow. " + refusals);
  exchange.send_json(200, {{"status", "ok"}, {"groups", list}});
}

void reload(const FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  if (!context.config.allow_plugin_reload && exchange->caller().level < Level::admin)
    throw ApiError(403, "forbidden",
                   "plugins are reloaded for who shows an administrator's key; for others only where the configuration "
                   "says server.allow_plugin_reload: true and asks for no keys");
  context.jobs.reload_plugins(answering<std::vector<GroupReload>>(
      context, exchange,
      [&context](const auto& waiting, const auto& groups) { answer_reload(context, *waiting, groups); }));
}

}  // namespace

std::vector<Route> model_routes(FrontContext& context) {
  std::vector<Route> routes = {
      {"GET",
       "/v1/models",
       Access::open,
       [&context](const auto& exchange) { answer_models(context, *exchange); },
       {"listModels", "the models", "ModelList"}},
      {"POST",
       "/v1/models/refresh",
       Access::guarded,
       [&context](const auto& exchange) { refresh(context, exchange); },
       {"refreshModels", "look for models and LoRAs again", "Refreshed"}},
      {"GET",
       "/v1/models/loras",  // the original ALICE's second name of it
       Access::open,
       [&context](const auto& exchange) { send_told(context, *exchange, list_loras(*context.jobs.state())); }},
      {"GET",
       "/v1/models/{id...}",
       Access::open,
       [&context](const auto& exchange) { answer_model(context, *exchange); },
       {"getModel", "one model; with /info behind its id, the original ALICE's facts of it", "ModelOrInfo"}},
      {"GET",
       "/v1/loras",
       Access::open,
       [&context](const auto& exchange) { send_told(context, *exchange, list_loras(*context.jobs.state())); },
       {"listLoras", "the LoRAs", "LoraList"}},
      {"GET",
       "/v1/plugins",
       Access::open,
       [&context](const auto& exchange) { answer_plugins(context, *exchange); },
       {"listPlugins", "the plugins, and their options", "Plugins"}},
      {"POST",
       "/v1/plugins/reload",
       Access::guarded,
       [&context](const auto& exchange) { reload(context, exchange); },
       {"reloadPlugins", "take changed plugin libraries up", "Reloaded"}},
      {"GET",
       "/v1/generation/defaults",
       Access::open,
       [&context](const auto& exchange) { answer_defaults(context, *exchange); },
       {"getDefaults", "what a request means where it says nothing", "Defaults", {}, 200, "application/json",
        defaults_parameters()}}};
  for (Route& route : routes) {
    if (route.method != "POST") continue;
    route.level = Level::admin;
    route.is_users_without_keys = true;
    if (route.pattern == "/v1/models/refresh") route.scope = Scope::models_write;
  }
  return routes;
}

}  // namespace alice
