#include "server/front/http/request_schema.h"

#include "core/base/request_fields.h"
#include "server/front/http/schema_parts.h"

namespace alice {
namespace {

const Json& lora_list() {
  static const Json schema = {{"type", "array"},
                              {"maxItems", kMostLoras},
                              {"items",
                               {{"anyOf",
                                 {{{"type", "string"}, {"description", "a LoRA's id; its strength is 1"}},
                                  {{"type", "object"},
                                   {"properties",
                                    {{"name", {{"type", "string"}}},
                                     {"strength", {{"type", "number"}, {"default", 1}}},
                                     {"text_encoder_strength",
                                      {{"type", Json::array({"number", "null"})},
                                       {"description", "where the text encoder gets another than strength"}}}}},
                                   {"required", {"name"}},
                                   {"additionalProperties", false}}}}}}};
  return schema;
}

Json picture_schema(const std::string& name) {
  const char* what = name == "mask" ? "what of the picture is made anew: mask_from says how it is read"
                                    : "the picture that is made anew";
  return {{"description", std::string(what) + "; PNG, JPEG or WebP"},
          {"anyOf",
           {{{"type", "string"}, {"description", "a data URL, or the file's bytes in base64"}},
            {{"type", "object"},
             {"description", "one that a job which has not ended is made from"},
             {"properties", {{"sha256", {{"type", "string"}, {"pattern", "^[0-9a-f]{64}$"}}}}},
             {"required", {"sha256"}},
             {"additionalProperties", false}}}}};
}

/// Of a field of GenerateRequest.
Json settings_schema(const std::string& name) {
  static const Json options = option_schemas(generate_options());
  if (name == "model") return reference_to("ModelId");
  if (name == "scheduler") return reference_to("Scheduler");
  if (name == "scheduler_options") return reference_to("SchedulerOptions");
  if (name == "loras") return lora_list();
  if (name == "image" || name == "mask") return picture_schema(name);
  return options.at(name);
}

const char* schema_type(const std::string& option_type) {
  if (option_type == "boolean") return "boolean";
  if (option_type == "integer") return "integer";
  if (option_type == "number") return "number";
  return "string";  // text, choice
}

}  // namespace

Json option_schema(const Json& spec) {
  Json one = {{"type", schema_type(spec.value("type", ""))}};
  for (const char* bound : {"minimum", "maximum"})
    if (spec.contains(bound) && spec[bound].is_number()) one[bound] = spec[bound];
  if (spec.contains("choices")) one["enum"] = spec["choices"];
  Json schema = spec.value("list", false) ? Json{{"type", "array"}, {"items", one}} : one;
  if (spec.value("nullable", false)) schema = {{"anyOf", {schema, {{"type", "null"}}}}};
  const std::string unit = spec.value("unit", "");
  schema["description"] = spec.value("help", "") + (unit.empty() ? "" : " (" + unit + ")");
  if (spec.contains("default") && !spec["default"].is_null()) schema["default"] = spec["default"];
  return schema;
}

Json request_schema(const std::vector<FieldRule>& rules, const Json& door, const std::vector<std::string>& required) {
  Json properties = Json::object();
  for (const FieldRule& rule : rules) {
    const std::string& means = rule.means.empty() ? rule.name : rule.means;
    switch (rule.use) {
      case FieldUse::generate: properties[rule.name] = settings_schema(means); break;
      case FieldUse::door: properties[rule.name] = door.at(means); break;
      case FieldUse::ignored: properties[rule.name] = {{"description", "taken without effect, with a warning"}}; break;
      case FieldUse::refused: break;
    }
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}, {"additionalProperties", false}};
}

Json form_schema(const Json& request, const std::vector<std::string>& files) {
  Json parts = request.at("properties");
  for (const std::string& file : files)
    parts[file] = {{"type", "string"}, {"contentMediaType", "application/octet-stream"}, {"description", "a file"}};
  parts["request"] = {{"type", "object"}, {"description", "fields as a JSON body has them, beside the other parts"}};
  return {{"type", "object"}, {"properties", parts}, {"additionalProperties", false}};
}

}  // namespace alice
