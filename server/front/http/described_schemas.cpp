#include "server/front/http/described_schemas.h"

#include <algorithm>

#include "server/front/http/request_schema.h"

namespace alice {
namespace {

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

}  // namespace

Json described_schemas(const ServerState& state) {
  const Json plugins = state.description.value("plugins", Json::object());
  const Json schedulers = plugins.value("kinds", Json::object()).value("scheduler", Json::array());
  return {{"ModelId", model_id_schema(state.description.value("models", Json::array()))},
          {"Scheduler", scheduler_schema(schedulers)},
          {"SchedulerOptions",
           scheduler_options_schema(schedulers, state.description.value("noise_options", Json::array()))}};
}

}  // namespace alice
