#include "server/front/http/openapi.h"

#include <algorithm>
#include <cctype>

#include "server/front/http/request_schema.h"

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

Json describe_operation(const Route& route, const std::vector<std::string>& path_names) {
  const Operation& operation = route.operation;
  Json parameters = operation.query;
  for (const std::string& name : path_names)
    parameters.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  Json out = {{"summary", operation.summary},
              {"responses",
               {{std::to_string(operation.status),
                 {{"description", "done"}, {"content", {{operation.answer, Json::object()}}}}},
                {"default", {{"$ref", "#/components/responses/Error"}}}}}};
  if (!parameters.empty()) out["parameters"] = parameters;
  if (operation.body)
    out["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", operation.body()}}}}}};
  return out;
}

Json describe_paths(const std::vector<Route>& routes) {
  Json paths = Json::object();
  for (const Route& route : routes) {
    if (route.operation.summary.empty()) continue;
    std::vector<std::string> names;
    const std::string path = openapi_path(route.pattern, names);
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
    paths[path][method] = describe_operation(route, names);
  }
  return paths;
}

Json error_response() {
  const Json text = {{"type", "string"}}, perhaps = {{"type", {"string", "null"}}};
  const Json error = {{"type", "object"},
                      {"properties", {{"message", text}, {"type", text}, {"param", perhaps}, {"code", perhaps}}},
                      {"required", {"message", "type", "param", "code"}}};
  const Json schema = {{"type", "object"}, {"properties", {{"error", error}}}, {"required", {"error"}}};
  return {{"description", "what is wrong, where, and what would be right"},
          {"content", {{"application/json", {{"schema", schema}}}}}};
}

Json model_schema(const Json& models) {
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
Json scheduler_options_schema(const Json& schedulers) {
  Json any = Json::array();
  for (const Json& scheduler : schedulers) {
    Json properties = Json::object();
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

}  // namespace

Json openapi_document(const std::vector<Route>& routes, const ServerState& state, const std::string& base_url) {
  const Json plugins = state.description.value("plugins", Json::object());
  const Json schedulers = plugins.value("schedulers", Json::array());
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "ALICE"},
            {"version", ALICE_VERSION},
            {"description", "Pictures from text. docs/API.md says in words what stands here in types."}}},
          {"servers", {{{"url", base_url}}}},
          {"paths", describe_paths(routes)},
          {"components",
           {{"responses", {{"Error", error_response()}}},
            {"schemas",
             {{"Model", model_schema(state.description.value("models", Json::array()))},
              {"Scheduler", scheduler_schema(schedulers)},
              {"SchedulerOptions", scheduler_options_schema(schedulers)}}}}}};
}

}  // namespace alice
