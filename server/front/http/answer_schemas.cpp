#include "server/front/http/answer_schemas.h"

#include "core/base/plugin_kinds.h"
#include "core/base/request_fields.h"
#include "core/base/stage.h"
#include "server/front/http/request_schema.h"
#include "server/front/http/schema_parts.h"
#include "server/front/job_service.h"
#include "server/jobs/job.h"

namespace alice {
namespace {

const Json kText = {{"type", "string"}}, kWhole = {{"type", "integer"}}, kNumber = {{"type", "number"}},
           kYesNo = {{"type", "boolean"}};

Json error_object() {
  return object_of({{"message", schema_of("string", "every fault, in words")},
                    {"type", word_of({"invalid_request_error", "permission_error", "rate_limit_error", "server_error",
                                      // of ComfyUI's door
                                      "invalid_prompt", "no_prompt", "prompt_no_outputs",
                                      "prompt_outputs_failed_validation"})},
                    {"param", perhaps("string", "the first wrong field, in the request's own spelling")},
                    {"code", schema_of("string", "a word that programs compare")},
                    {"job_id", schema_of("string", "the job that it is about")},
                    {"details", schema_of("string", "of ComfyUI's door: the same, where its clients look for it")},
                    {"extra_info", schema_of("object", "of ComfyUI's door")}},
                   {"job_id", "details", "extra_info"});
}

Json error_answer() {
  return object_of({{"error", reference_to("ErrorObject")},
                    {"detail", schema_of("string", "the message once more, where A1111's clients look for it")},
                    {"node_errors", schema_of("object", "of ComfyUI's door: what is wrong, by nodes")}},
                   {"detail", "node_errors"});
}

// --- pictures and jobs

/// Of a request too, where what was not said is null or the default.
Json settings() {
  Json schema = {{"type", "object"},
                 {"description", "a picture's settings, by the names of requests"},
                 {"properties", option_schemas(generate_options())},
                 {"additionalProperties", true}};
  schema["properties"]["scheduler_options"] = schema_of("object");
  schema["properties"]["loras"] = list_of(object_of({{"name", kText}, {"strength", kNumber}}));
  return schema;
}

Json picture() {
  return object_of({{"url", kText},
                    {"file", kText},
                    {"index", kWhole},
                    {"seed", kWhole},
                    {"width", kWhole},
                    {"height", kWhole},
                    {"bytes", kWhole},
                    {"sha256", kText},
                    {"removed", schema_of("number", "when retention took the file away; seconds since 1970")}},
                   {"removed"});
}

Json estimate() {
  return object_of({{"seconds", schema_of("number", "of the whole job")},
                    {"load_seconds", schema_of("number", "until the model is there")},
                    {"encode_seconds", schema_of("number", "of the prompts")},
                    {"step_seconds", schema_of("number", "of the longest step of pictures made together")},
                    {"decode_seconds", schema_of("number", "of such pictures' pixels")},
                    {"bytes", schema_of("integer", "the most memory of its process meanwhile")}});
}

Json job() {
  const char* time = "seconds since 1970, to the millisecond";
  return object_of({{"id", kText},
                    {"object", {{"const", "job"}}},
                    {"status", word_of(job_status_words())},
                    {"created", schema_of("number", time)},
                    {"started", perhaps("number", time)},
                    {"finished", perhaps("number", time)},
                    {"estimate", perhaps_reference("Estimate")},
                    {"attempts", schema_of("integer", "how often a worker began it")},
                    {"worker_deaths", kWhole},
                    {"resumed_from", schema_of("integer", "steps taken from an earlier attempt's record")},
                    {"request", reference_to("Settings")},
                    {"request_id", kText},
                    {"label", perhaps("string", "what its owner calls it, and others that belong to it")},
                    {"priority", schema_of("integer", "among its owner's own jobs")},
                    {"deadline", perhaps("number", time)},
                    {"kept", schema_of("boolean", "retention passes it over")},
                    {"settings", reference_to("Settings")},
                    {"images", list_of(reference_to("Picture"))},
                    {"warnings", list_of(kText)},
                    {"error", perhaps_reference("ErrorObject")},
                    {"cut", list_of(kText)}},
                   {"cut"});
}

Json job_list() {
  return object_of({{"object", {{"const", "list"}}}, {"data", list_of(reference_to("Job"))}, {"has_more", kYesNo}});
}

/// The data of an event; its name tells which.
Json job_event() {
  const std::pair<std::string, Json> id = {"id", schema_of("string", "the job's")};
  const Json queued = object_of({id, {"job", reference_to("Job")}}, {}, "queued: of all jobs' events alone");
  const Json position = object_of({id, {"position", schema_of("integer", "in the queue; 1 is next")}}, {}, "position");
  std::vector<std::string> stages;
  for (const auto& stage : job_stages()) stages.push_back(stage.first);
  stages.emplace_back(kCancelling);
  const Json step = object_of({id,
                               {"stage", word_of(stages)},
                               {"step", kWhole},
                               {"steps", kWhole},
                               {"first_image", kWhole},
                               {"images", kWhole},
                               {"all_images", kWhole},
                               {"resumed_from", kWhole},
                               {"eta_seconds", perhaps("number", "to the job's end")}},
                              {}, "step");
  const Json preview =
      object_of({id, {"image", kWhole}, {"step", kWhole}, {"png", schema_of("string", "base64")}}, {}, "preview");
  const Json held =
      object_of({id, {"code", word_of({"storage_full", "storage_failed"})}, {"message", kText}}, {}, "held");
  const Json last = object_of({id, {"job", reference_to("Job")}}, {}, "done, handed_back: the last event of a job");
  const Json missed =
      object_of({{"message", kText}}, {}, "missed: of all jobs' events alone; GET /v1/jobs tells what was");
  return {{"description", "server-sent events; this is the data of one, whose name is the schema's description"},
          {"anyOf", Json::array({queued, position, step, preview, held, last, missed})}};
}

Json picture_formats() { return option_schema(request_field("output_format").spec.to_json()); }

Json usage() {
  const Json details = object_of({{"image_tokens", kWhole}, {"text_tokens", kWhole}});
  return object_of({{"input_tokens", kWhole},
                    {"input_tokens_details", details},
                    {"output_tokens", kWhole},
                    {"total_tokens", kWhole}},
                   {}, "zeros: nothing is counted in tokens");
}

Json images() {
  return object_of({{"created", schema_of("integer", "seconds since 1970")},
                    {"data", list_of(object_of({{"url", kText}, {"b64_json", kText}, {"seed", kWhole}},
                                               {"url", "b64_json"}))},
                    {"size", kText},
                    {"quality", schema_of("string", "as asked")},
                    {"background", {{"const", "opaque"}}},
                    {"output_format", picture_formats()},
                    {"usage", usage()},
                    {"job", schema_of("string", "the job's id")},
                    {"settings", reference_to("Settings")},
                    {"warnings", list_of(kText)}});
}

/// The data of an event; its name is the member "type".
Json image_event() {
  std::vector<std::pair<std::string, Json>> common = {{"type", kText},
                                                      {"b64_json", kText},
                                                      {"created_at", schema_of("integer", "seconds since 1970")},
                                                      {"size", kText},
                                                      {"quality", kText},
                                                      {"background", {{"const", "opaque"}}},
                                                      {"output_format", picture_formats()},
                                                      {"image", schema_of("integer", "which of the job's pictures")}};
  auto partial = common, completed = common;
  partial[0].second = word_of({"image_generation.partial_image", "image_edit.partial_image"});
  partial.push_back({"partial_image_index", kWhole});
  completed[0].second = word_of({"image_generation.completed", "image_edit.completed"});
  completed.insert(completed.end(), {{"usage", usage()},
                                     {"seed", kWhole},
                                     {"job", schema_of("string", "the job's id")},
                                     {"warnings", list_of(kText)}});
  return {{"description", "server-sent events; this is the data of one, whose name is its type, or error"},
          {"anyOf", Json::array({object_of(partial), object_of(completed), reference_to("Error")})}};
}

Json chat_completion() {
  const Json image = object_of({{"type", {{"const", "image_url"}}}, {"image_url", object_of({{"url", kText}})}});
  const Json message = object_of({{"role", {{"const", "assistant"}}},
                                  {"content", kText},
                                  {"image_urls", list_of(kText)},
                                  {"images", list_of(image, "when modalities asks for images")},
                                  {"metadata", schema_of("object", "what was used")}},
                                 {"images"});
  const Json choice = object_of({{"index", kWhole},
                                 {"message", message},
                                 {"finish_reason", {{"const", "stop"}}},
                                 {"finishReason", {{"const", "stop"}}}});
  return object_of({{"id", kText},
                    {"object", {{"const", "chat.completion"}}},
                    {"created", kWhole},
                    {"model", kText},
                    {"choices", list_of(choice)},
                    {"usage", {{"type", "object"}, {"additionalProperties", kWhole}}},
                    {"job", schema_of("string", "the job's id")},
                    {"warnings", list_of(kText)}});
}

// --- what there is

Json model() {
  return object_of({{"id", kText},
                    {"object", {{"const", "model"}}},
                    {"created", kWhole},
                    {"owned_by", kText},
                    {"ownedBy", kText},
                    {"name", kText},
                    {"description", kText},
                    {"architecture", kText},
                    {"size_mb", kNumber},
                    {"available", kYesNo},
                    {"unavailable", schema_of("string", "why it cannot be used")},
                    {"native_size", schema_of("string", "WIDTHxHEIGHT in pixels that it was trained at")},
                    {"size_multiple", schema_of("integer", "both sides of a picture are multiples of it")},
                    {"max_pixels", schema_of("integer", "width times height of the largest picture")},
                    {"defaults", reference_to("Defaults")},
                    {"examples", list_of(kText, "prompts that it was made for")},
                    {"group", schema_of("string", "the workers that serve it")},
                    {"state", reference_to("GroupState")}},
                   {"unavailable", "native_size", "size_multiple", "max_pixels", "defaults", "examples"});
}

Json model_info() {
  const Json size = object_of({{"width", kWhole}, {"height", kWhole}, {"label", kText}});
  return object_of({{"id", kText},
                    {"name", kText},
                    {"model_type", kText},
                    {"native_resolution", perhaps("string", "WIDTHxHEIGHT")},
                    {"recommended_resolutions", list_of(size)},
                    {"size_mb", kNumber},
                    {"created", kWhole}});
}

Json lora() {
  return object_of({{"id", kText},
                    {"object", {{"const", "lora"}}},
                    {"name", kText},
                    {"created", schema_of("integer", "seconds since 1970")},
                    {"size_mb", kNumber},
                    {"sizeMb", kNumber},
                    {"baseModel", perhaps("string", "as base_model")},
                    {"trigger_words", list_of(kText, "that it was trained with")},
                    {"base_model", schema_of("string", "that it was trained on")}},
                   {"trigger_words", "base_model"});
}

Json list_answer(const char* item) {
  return object_of({{"object", {{"const", "list"}}}, {"data", list_of(reference_to(item))}});
}

/// Any field but the prompts and what belongs to one request.
Json defaults() {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  for (const std::string& name : model_default_names())
    schema["properties"][name] = option_schema(request_field(name).spec.to_json());
  for (const char* side : {"width", "height"})
    schema["properties"][side]["description"] = "null: the model's native one";
  return schema;
}

Json plugins() {
  const Json groups = list_of(kText, "of workers that have it");
  Json option = object_of({{"name", kText}, {"type", kText}, {"help", kText}});
  option["additionalProperties"] = true;  // its range, its default
  const Json alias = object_of({{"name", kText}, {"options", schema_of("object")}});
  const Json factory = object_of({{"id", kText},
                                  {"help", kText},
                                  {"aliases", list_of(alias)},
                                  {"classes", list_of(kText)},
                                  {"options", list_of(option)},
                                  {"groups", groups}},
                                 {"classes", "groups"});
  Json kinds = {{"type", "object"}};
  for (const std::string& kind : plugin_kind_names()) kinds["properties"][kind] = list_of(factory);
  return {{"type", "object"}, {"properties", {{"plugins", list_of(reference_to("Library"))}, {"kinds", kinds}}}};
}

Json library() {
  return object_of({{"file", kText},
                    {"id", kText},
                    {"version", kText},
                    {"loaded", kYesNo},
                    {"refused", schema_of("string", "why it is not loaded")},
                    {"factories", list_of(kText)},
                    {"groups", list_of(kText)}},
                   {"refused", "factories", "groups"});
}

Json reloaded() {
  const Json group = object_of({{"group", kText},
                                {"outcome", word_of({"loaded", "unchanged", "refused"})},
                                {"plugins", list_of(reference_to("Library"))}});
  return object_of({{"status", {{"const", "ok"}}}, {"groups", list_of(group)}});
}

// --- agents

Json mcp_message() {
  return object_of({{"jsonrpc", {{"const", "2.0"}}},
                    {"id", {{"type", Json::array({"string", "number"})}}},
                    {"result", schema_of("object", "as the Model Context Protocol has it")},
                    {"error",
                     object_of({{"code", kWhole}, {"message", kText}, {"data", schema_of("object")}}, {"data"})}},
                   {"id", "result", "error"});
}

// --- how the server is

Json health() {
  Json schema = object_of({{"status", word_of({"ok", "starting"})},
                           {"version", kText},
                           {"backend", kText},
                           {"groups", list_of(reference_to("Group"))}});
  for (const char* name : {"gpuAvailable", "gpu_available", "gpuStatsAvailable", "gpu_stats_available"})
    schema["properties"][name] = kYesNo;
  for (const char* name : {"modelsLoaded", "models_loaded", "uptimeSeconds", "uptime_seconds"})
    schema["properties"][name] = kWhole;
  schema["additionalProperties"] = true;
  return schema;
}

Json group() {
  Json schema = object_of({{"group", kText},
                           {"state", reference_to("GroupState")},
                           {"workers", kWhole},
                           {"ready", kWhole},
                           {"busy", kWhole},
                           {"preloading", kWhole},
                           {"queued", kWhole},
                           {"deaths", kWhole},
                           {"models", list_of(kText, "that it serves")},
                           {"trouble", schema_of("string", "what is wrong")}},
                          {"trouble"});
  schema["additionalProperties"] = true;
  return schema;
}

Json metrics() {
  Json schema = {{"type", "object"}, {"additionalProperties", true}, {"properties", Json::object()}};
  for (const char* name : {"queue_depth", "active_generations", "models_loaded", "total_generations"})
    schema["properties"][name] = kWhole;
  for (const char* name : {"avg_generation_time", "gpu_utilization"}) schema["properties"][name] = kNumber;
  return schema;
}

}  // namespace

Json answer_schemas() {
  return {{"Error", error_answer()},
          {"ErrorObject", error_object()},
          {"Settings", settings()},
          {"Picture", picture()},
          {"Estimate", estimate()},
          {"Job", job()},
          {"JobList", job_list()},
          {"CancelledJobs", object_of({{"object", {{"const", "jobs.cancelled"}}}, {"cancelled", kWhole}})},
          {"JobEvent", job_event()},
          {"Images", images()},
          {"ImageEvent", image_event()},
          {"ChatCompletion", chat_completion()},
          {"McpMessage", mcp_message()},
          {"PictureBytes", {{"description", "a PNG"}}},
          {"Model", model()},
          {"ModelOrInfo", {{"anyOf", Json::array({reference_to("Model"), model_info()})}}},
          {"ModelDeleted", object_of({{"status", {{"const", "deleted"}}}, {"model_id", kText}})},
          {"LoraDeleted", object_of({{"status", {{"const", "deleted"}}}, {"lora_id", kText}})},
          {"ModelList", list_answer("Model")},
          {"Lora", lora()},
          {"LoraList", list_answer("Lora")},
          {"Defaults", defaults()},
          {"Plugins", plugins()},
          {"Library", library()},
          {"Refreshed", object_of({{"status", {{"const", "ok"}}}, {"models_found", kWhole}, {"loras_found", kWhole}})},
          {"Reloaded", reloaded()},
          {"Health", health()},
          {"Group", group()},
          {"GroupState", word_of({"ready", "resting", "starting"})},
          {"Status", object_of({{"status", kText}})},
          {"Metrics", metrics()},
          {"Page", schema_of("string", "HTML")},
          {"Description", schema_of("object", "OpenAPI 3.1")}};
}

}  // namespace alice
