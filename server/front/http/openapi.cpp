#include "server/front/http/openapi.h"

#include <algorithm>
#include <cctype>

#include "server/front/http/answer_schemas.h"
#include "server/front/http/described_schemas.h"
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
      {"/v1/generation", "models"}, {"/sdapi", "a1111"},      {"/v1/auth", "accounts"},      {"/mcp", "pictures"},
      {"/prompt", "comfyui"},     {"/history", "comfyui"},    {"/queue", "comfyui"},    {"/interrupt", "comfyui"},
      {"/view", "comfyui"},       {"/upload", "comfyui"},     {"/object_info", "comfyui"},
      {"/system_stats", "comfyui"}, {"/models", "comfyui"},   {"/embeddings", "comfyui"},
      {"/extensions", "comfyui"}, {"/free", "comfyui"}};
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
  Json content = Json::object();
  if (!route.operation.is_form_alone) content["application/json"] = {{"schema", schema}};
  if (route.takes_forms) content["multipart/form-data"] = {{"schema", form_schema(schema, picture_fields())}};
  return {{"required", true}, {"content", content}};
}

/// The ways to show a key. Of each operation `security` names the level that it needs, as a role.
Json describe_security_schemes() {
  const auto in_header = [](const char* name, const char* what) {
    return Json{{"type", "apiKey"}, {"in", "header"}, {"name", name}, {"description", what}};
  };
  return {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"description", "Authorization: Bearer KEY"}}},
          {"basic", {{"type", "http"}, {"scheme", "basic"}, {"description", "any name, the key as the password"}}},
          {"apiKey", in_header("X-Api-Key", "the key")},
          {"adminKey", in_header("X-Admin-Key", "the key, of whichever level")},
          {"session",
           {{"type", "apiKey"},
            {"in", "cookie"},
            {"name", "alice_session"},
            {"description",
             "of who is signed in (POST /v1/auth/sessions); by https __Host-alice_session. Writes need Origin"}}},
          {"signedUrl",
           {{"type", "apiKey"},
            {"in", "query"},
            {"name", "s"},
            {"description", "of a URL that an answer has told, with the parameters that it has"}}}};
}

/// Any one of them is enough. An empty list: no key is needed.
Json describe_security(const Route& route, bool asks_for_keys) {
  Json ways = Json::array();
  const bool is_open = route.level == Level::anonymous ||
                       (!asks_for_keys && route.level == Level::user && !route.is_for_people) ||
                       (!asks_for_keys && route.is_users_without_keys);
  if (is_open) return ways;
  const Level of_keys = route.is_for_people ? Level::admin : route.level;
  for (const char* scheme : {"bearer", "basic", "apiKey", "adminKey"})
    ways.push_back({{scheme, Json::array({to_string(of_keys)})}});
  ways.push_back({{"session", Json::array({to_string(route.level)})}});
  if (route.takes_signature) ways.push_back({{"signedUrl", Json::array()}});
  return ways;
}

Json describe_operation(const Route& route, const std::string& path, const std::vector<std::string>& path_names,
                        bool asks_for_keys) {
  const Operation& operation = route.operation;
  Json parameters = operation.query;
  for (const std::string& name : path_names)
    parameters.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  const Json error = {{"$ref", "#/components/responses/Error"}};
  Json out = {{"operationId", operation.id},
              {"summary", operation.summary},
              {"tags", Json::array({tag_of(path)})},
              {"security", describe_security(route, asks_for_keys)},
              {"responses",
               {{std::to_string(operation.status), describe_success(operation)}, {"4XX", error}, {"5XX", error}}}};
  if (operation.other_status != 0)
    out["responses"][std::to_string(operation.other_status)] = describe_success(operation);
  if (!parameters.empty()) out["parameters"] = parameters;
  if (operation.body) out["requestBody"] = describe_body(route);
  return out;
}

Json describe_paths(const std::vector<Route>& routes, bool asks_for_keys) {
  Json paths = Json::object();
  for (const Route& route : routes) {
    if (route.operation.id.empty()) continue;
    std::vector<std::string> names;
    const std::string path = openapi_path(route.pattern, names);
    std::string method = route.method;
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
    paths[path][method] = describe_operation(route, path, names, asks_for_keys);
  }
  return paths;
}

Json error_response() {
  return {{"description", "what is wrong, where, and what would be right"},
          {"content", {{"application/json", {{"schema", reference_to("Error")}}}}}};
}

Json describe_tags() {
  return Json::array({{{"name", "pictures"}, {"description", "make pictures and fetch them"}},
                      {{"name", "jobs"}, {"description", "make pictures without waiting for the answer"}},
                      {{"name", "models"}, {"description", "models, LoRAs, and what they do unasked"}},
                      {{"name", "plugins"}, {"description", "what the server is made of"}},
                      {{"name", "server"}, {"description", "how the server is"}},
                      {{"name", "accounts"}, {"description", "who is who: sessions, users, keys, invites, the audit"}},
                      {{"name", "a1111"}, {"description", "the same for clients of AUTOMATIC1111's web UI"}},
                      {{"name", "comfyui"},
                       {"description", "the same for clients of ComfyUI that need no WebSocket"}}});
}

/// The schemas that depend on models and plugins, and those of the answers.
Json describe_schemas(const ServerState& state) {
  Json schemas = answer_schemas();
  schemas.update(a1111_answer_schemas());
  schemas.update(account_answer_schemas());
  schemas.update(comfy_answer_schemas());
  schemas.update(described_schemas(state));
  return schemas;
}

}  // namespace

Json openapi_document(const std::vector<Route>& routes, const ServerState& state, const std::string& base_url,
                      bool asks_for_keys) {
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "ALICE"},
            {"version", ALICE_VERSION},
            {"description", "Pictures from text. docs/API.md says in words what stands here in types."},
            {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"servers", {{{"url", base_url}}}},
          {"tags", describe_tags()},
          {"paths", describe_paths(routes, asks_for_keys)},
          {"components",
           {{"responses", {{"Error", error_response()}}},
            {"schemas", describe_schemas(state)},
            {"securitySchemes", describe_security_schemes()}}}};
}

}  // namespace alice
