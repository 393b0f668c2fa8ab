// The shapes of this door's answers (answer_schemas.h), as Forge and A1111 give them.

#include "server/front/http/answer_schemas.h"
#include "server/front/http/schema_parts.h"

namespace alice {
namespace {

const Json kText = {{"type", "string"}}, kWhole = {{"type", "integer"}}, kNumber = {{"type", "number"}},
           kYesNo = {{"type", "boolean"}};

Json any_object(const char* description = "") {
  Json schema = schema_of("object", description);
  schema["additionalProperties"] = true;
  return schema;
}

Json pictures() {
  return object_of({{"images", list_of(schema_of("string", "base64, without a prefix"))},
                    {"parameters", any_object("the request: every field")},
                    {"info", schema_of("string", "JSON: prompt, seed, all_seeds, infotexts, warnings and more")},
                    {"warnings", list_of(kText, "what was asked for in vain")}});
}

Json checkpoint() {
  return object_of({{"title", schema_of("string", "name.safetensors [10 digits of its SHA-256]")},
                    {"model_name", kText},
                    {"hash", perhaps("string")},
                    {"sha256", perhaps("string")},
                    {"filename", schema_of("string", "no path")},
                    {"config", schema_of("null")}});
}

Json lora() {
  return object_of({{"name", kText}, {"alias", kText}, {"path", schema_of("string", "its name")},
                    {"metadata", any_object()}});
}

Json scheduler() {
  return object_of({{"name", kText},
                    {"label", kText},
                    {"aliases", schema_of("null")},
                    {"default_rho", kNumber},
                    {"need_inner_model", kYesNo}});
}

Json upscaler() {
  return object_of({{"name", kText},
                    {"model_name", schema_of("null")},
                    {"model_path", schema_of("null")},
                    {"model_url", schema_of("null")},
                    {"scale", kNumber}});
}

Json progress() {
  const Json state = object_of({{"skipped", kYesNo},
                                {"interrupted", kYesNo},
                                {"stopping_generation", kYesNo},
                                {"job", schema_of("string", "the job's id; empty when idle")},
                                {"job_count", kWhole},
                                {"job_timestamp", kText},
                                {"job_no", kWhole},
                                {"sampling_step", kWhole},
                                {"sampling_steps", kWhole}});
  return object_of({{"progress", schema_of("number", "0 when idle, to 1")},
                    {"eta_relative", schema_of("number", "seconds")},
                    {"state", state},
                    {"current_image", perhaps("string", "a PNG in base64")},
                    {"textinfo", perhaps("string")}});
}

Json png_info() {
  return object_of({{"info", schema_of("string", "as the picture bears it; empty when it bears none")},
                    {"items", any_object("its other texts")},
                    {"parameters", any_object("the same settings one by one, as texts")},
                    {"warnings", list_of(kText)}});
}

}  // namespace

Json a1111_answer_schemas() {
  const Json empty_object = any_object();
  return {{"Nothing", schema_of("null")},
          {"EmptyList", {{"type", "array"}, {"maxItems", 0}}},
          {"EmptyObject", {{"type", "object"}, {"maxProperties", 0}}},
          {"A1111Pictures", pictures()},
          {"A1111Models", list_of(checkpoint())},
          {"A1111Samplers", list_of(object_of({{"name", kText}, {"aliases", list_of(kText)},
                                               {"options", empty_object}}))},
          {"A1111Schedulers", list_of(scheduler())},
          {"A1111Loras", list_of(lora())},
          {"A1111Upscalers", list_of(upscaler())},
          {"A1111Embeddings", object_of({{"loaded", empty_object}, {"skipped", empty_object}})},
          {"A1111Scripts", object_of({{"txt2img", list_of(kText)}, {"img2img", list_of(kText)}})},
          {"A1111Memory", object_of({{"ram", object_of({{"free", kWhole}, {"used", kWhole}, {"total", kWhole}})}})},
          {"A1111Config", object_of({{"title", kText}, {"version", kText}})},
          {"A1111Options", any_object("sd_model_checkpoint, CLIP_stop_at_last_layers and more")},
          {"A1111Progress", progress()},
          {"A1111PngInfo", png_info()}};
}

}  // namespace alice
