#include "server/front/http/schema_parts.h"

#include <algorithm>

namespace alice {
namespace {

Json described(Json schema, const char* description) {
  if (*description != '\0') schema["description"] = description;
  return schema;
}

}  // namespace

Json schema_of(const char* type, const char* description) { return described({{"type", type}}, description); }

Json perhaps(const char* type, const char* description) {
  return described({{"type", Json::array({type, "null"})}}, description);
}

Json list_of(const Json& items, const char* description) {
  return described({{"type", "array"}, {"items", items}}, description);
}

Json word_of(const std::vector<std::string>& words, const char* description) {
  return described({{"type", "string"}, {"enum", words}}, description);
}

Json reference_to(const std::string& name) { return {{"$ref", "#/components/schemas/" + name}}; }

Json perhaps_reference(const std::string& name) {
  return {{"anyOf", Json::array({reference_to(name), schema_of("null")})}};
}

Json object_of(const std::vector<std::pair<std::string, Json>>& members, const std::vector<std::string>& optional,
               const char* description) {
  Json properties = Json::object(), required = Json::array();
  for (const auto& [name, schema] : members) {
    properties[name] = schema;
    if (std::find(optional.begin(), optional.end(), name) == optional.end()) required.push_back(name);
  }
  return described({{"type", "object"}, {"properties", properties}, {"required", required}}, description);
}

}  // namespace alice
