// The shapes of this door's answers (answer_schemas.h), as ComfyUI gives them (server.py, execution.py).

#include "server/front/http/answer_schemas.h"
#include "server/front/http/schema_parts.h"

namespace alice {
namespace {

const Json kText = {{"type", "string"}}, kWhole = {{"type", "integer"}}, kYesNo = {{"type", "boolean"}};

Json any_object(const char* description = "") {
  Json schema = schema_of("object", description);
  schema["additionalProperties"] = true;
  return schema;
}

Json map_of(const Json& value) { return {{"type", "object"}, {"additionalProperties", value}}; }

Json any_list(const char* description) { return {{"type", "array"}, {"description", description}}; }

Json history() {
  const Json image = object_of({{"filename", kText}, {"subfolder", kText}, {"type", kText}});
  const Json status = object_of({{"status_str", word_of({"success", "error"})},
                                 {"completed", kYesNo},
                                 {"messages", list_of(any_list("a word, and what it says"))}});
  return map_of(object_of({{"prompt", any_list("number, id, graph, extra_data, ids of its outputs")},
                           {"outputs", map_of(object_of({{"images", list_of(image)}}))},
                           {"status", status},
                           {"meta", any_object()},
                           {"warnings", list_of(kText, "what was asked for in vain")}}));
}

Json node() {
  return object_of({{"input", object_of({{"required", map_of(any_list("a type, or a list of words; more"))}})},
                    {"input_order", object_of({{"required", list_of(kText)}})},
                    {"output", list_of(kText)},
                    {"output_is_list", list_of(kYesNo)},
                    {"output_name", list_of(kText)},
                    {"name", kText},
                    {"display_name", kText},
                    {"description", kText},
                    {"python_module", kText},
                    {"category", kText},
                    {"output_node", kYesNo}});
}

}  // namespace

Json comfy_answer_schemas() {
  const Json queue = list_of(any_list("number, id, graph, extra_data, ids of its outputs"));
  return {{"ComfyPrompt", object_of({{"prompt_id", kText},
                                     {"number", kWhole},
                                     {"node_errors", any_object("empty")},
                                     {"warnings", list_of(kText, "what was asked for in vain")}})},
          {"ComfyRemaining", object_of({{"exec_info", object_of({{"queue_remaining", kWhole}})}})},
          {"ComfyHistory", history()},
          {"ComfyQueue", object_of({{"queue_running", queue}, {"queue_pending", queue}})},
          {"ComfyUpload", object_of({{"name", kText}, {"subfolder", kText}, {"type", {{"const", "input"}}}})},
          {"ComfyNodes", map_of(node())},
          {"ComfyWords", list_of(kText)},
          {"ComfyStats", object_of({{"system", any_object()}, {"devices", list_of(any_object())}})}};
}

}  // namespace alice
