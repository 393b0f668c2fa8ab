#include "server/front/http/openapi.h"

#include <algorithm>
#include <cctype>

#include "server/front/http/answer_schemas.h"
#include "server/front/http/request_schema.h"
#include "server/front/http/schema_parts.h"
#include "server/front/http/sent_body.h"

namespace alice {
namespace {

/// "/v1/models/{id...}" -> "/v1/models/{id}"; the names go into `names`.
std::string openapi_path(const std::string& pattern, std::vector<std::string>& names) {
  std::string path = pattern;
  if (const size_t dots = path.find("...}"); dots != path.npos) path.erase(dots, 3);
  for (size_t open = path.find('{'); open != path.npos; open = path.find('{', open + 1))
    names.push_back(path.substr(open + 1, path.find('}', open) - open - 1));
  return path;
}

/// Where clients' documents list it: by the beginning of its path.
const char* tag_of(const std::string& path) {
  constexpr std::pair<const char*, const char*> kTags[] = {
      {"/v1/jobs", "jobs"},       {"/v1/images", "pictures"}, {"/v1/chat", "pictures"}, {"/images", "pictures"},
      {"/v1/models", "models"},   {"/v1/loras", "models"},    {"/v1/plugins", "plugins"},
      {"/v1/generation", "models"}};
  for (const auto& [beginning, tag] : kTags)
    if (path.rfind(beginning, 0) == 0) return tag;
  return "server";
}

Json describe_success(const Operation& operation) {
  Json content = {{operation.content, {{"schema", reference_to(operation.answer)}}}};
  if (!operation.event.empty()) content["text/event-stream"] = {{"schema", reference_to(operation.event)}};
  return {{"description", "done"}, {"content", content}};
}

Json describe_body(const Route& route) {
  const Json schema = route.operation.body();
  Json content = {{"application/json", {{"schema", schema}}}};
  if (route.takes_forms) content["multipart/form-data"] = {{"schema", form_schema(schema, picture_fields())}};
  return {{"required", true}, {"content", content}};
}

Json describe_operation(const Route& route, const std::string& path, const std::vector<std::string>& path_names) {
  const Operation& operation = route.operation;
  Json parameters = operation.query;
  for (const std::string& name : path_names)
    parameters.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  const Json error = {{"$ref", "#/components/responses/Error"}};
  Json out = {{"operationId", operation.id},
              {"summary", operation.summary},
              {"tags", Json::array({tag_of(path)})},
              {"responses",
               {{std::to_string(operation.status), describe_success(operation)}, {"4XX", error}, {"5XX", error}}}};
  if (operation.other_status != 0)
    out["responses"][std::to_string(operation.other_status)] = describe_success(operation);
  if (!parameters.empty()) out["parameters"] = parameters;
  if (operation.body) out["requestBody"] = describe_body(route);
  return out;
}

Json describe_paths(const std::vector<Route>& routes) {
  Json paths = Json::object();
  for (const Route& route : routes) {
    if (route.operation.id.empty()) continue;
    std::vector<std::string> names;
    const std::string path = openapi_path(route.pattern, names);
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
    paths[path][method] = describe_operation(route, path, names);
  }
  return paths;
}

Json error_response() {
  return {{"description", "what is wrong, where, and what would be right"},
          {"content", {{"application/json", {{"schema", reference_to("Error")}}}}}};
}

Json model_id_schema(const Json& models) {
  Json ids = Json::array();
  for (const Json& model : models)
    if (model.value("available", false)) ids.push_back(model.at("id"));
  Json schema = {{"type", "string"}, {"description", "sd/name, or the name alone; absent: the default model"}};
  if (!ids.empty()) schema["examples"] = ids;
  return schema;
}

Json scheduler_schema(const Json& schedulers) {
  Json names = {""};
  for (const Json& scheduler : schedulers) {
    names.push_back(scheduler.at("id"));
    for (const Json& alias : scheduler.value("aliases", Json::array())) names.push_back(alias.at("name"));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());  // two groups may have the same plugin
  Json schema = {{"type", "string"}, {"description", "absent or empty: the model's own"}};
  if (!schedulers.empty()) schema["enum"] = names;
  return schema;
}

/// Which of them counts is the request's scheduler, or the model's: no schema can tell.
Json scheduler_options_schema(const Json& schedulers, const Json& noise_options) {
  Json any = Json::array(), noise = Json::object();
  for (const Json& spec : noise_options) noise[spec.at("name").get_ref<const std::string&>()] = option_schema(spec);
  for (const Json& scheduler : schedulers) {
    Json properties = noise;
    for (const Json& spec : scheduler.value("options", Json::array()))
      properties[spec.at("name").get_ref<const std::string&>()] = option_schema(spec);
    const Json schema = {{"title", scheduler.at("id")},
                         {"description", scheduler.value("help", "")},
                         {"type", "object"},
                         {"properties", properties}};
    if (std::find(any.begin(), any.end(), schema) == any.end()) any.push_back(schema);
  }
  Json schema = {{"type", "object"}, {"description", "options of the scheduler, and of the noise schedule"}};
  if (!any.empty()) schema["anyOf"] = any;
  return schema;
}

Json describe_tags() {
  return Json::array({{{"name", "pictures"}, {"description", "make pictures and fetch them"}},
                      {{"name", "jobs"}, {"description", "make pictures without waiting for the answer"}},
                      {{"name", "models"}, {"description", "models, LoRAs, and what they do unasked"}},
                      {{"name", "plugins"}, {"description", "what the server is made of"}},
                      {{"name", "server"}, {"description", "how the server is"}}});
}

/// The schemas that depend on models and plugins, and those of the answers.
Json describe_schemas(const ServerState& state) {
  const Json plugins = state.description.value("plugins", Json::object());
  const Json schedulers = plugins.value("kinds", Json::object()).value("scheduler", Json::array());
  Json schemas = answer_schemas();
  schemas["ModelId"] = model_id_schema(state.description.value("models", Json::array()));
  schemas["Scheduler"] = scheduler_schema(schedulers);
  schemas["SchedulerOptions"] =
      scheduler_options_schema(schedulers, state.description.value("noise_options", Json::array()));
  return schemas;
}

}  // namespace

Json openapi_document(const std::vector<Route>& routes, const ServerState& state, const std::string& base_url) {
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "ALICE"},
            {"version", ALICE_VERSION},
            {"description", "Pictures from text. docs/API.md says in words what stands here in types."},
            {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"servers", {{{"url", base_url}}}},
          {"security", Json::array()},  // there are no keys
          {"tags", describe_tags()},
          {"paths", describe_paths(routes)},
          {"components", {{"responses", {{"Error", error_response()}}}, {"schemas", describe_schemas(state)}}}};
}

}  // namespace alice
