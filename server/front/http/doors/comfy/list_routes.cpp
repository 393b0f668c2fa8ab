// What there is: nodes with the words that they take, models, and the machine. ComfyUI has lists of more, which are
// empty here.

#include "core/base/machine_memory.h"
#include "server/front/http/doors/comfy/comfy_door.h"
#include "server/front/http/doors/comfy/graph_job.h"
#include "server/front/http/doors/comfy/model_names.h"

namespace alice::comfy {
namespace {

/// Of ComfyUI: the newest one whose answers these are like.
constexpr const char* kLikeVersion = "0.3.60";

WordLists words_for(const Door& door, const Exchange& exchange) {
  return word_lists(*door.context.jobs.state(), door.uploads.names(caller_of(exchange)));
}

void answer_nodes(const SharedDoor& door, Exchange& exchange) {
  const WordLists words = words_for(*door, exchange);
  Json nodes = Json::object();
  for (const NodeClass& node : node_classes()) nodes[node.name] = describe_node(node, words);
  exchange.send_json(200, nodes);
}

/// {} for a class that there is not, as ComfyUI has it.
void answer_node(const SharedDoor& door, Exchange& exchange) {
  const NodeClass* node = node_class(exchange.param("class"));
  Json nodes = Json::object();
  if (node != nullptr) nodes[node->name] = describe_node(*node, words_for(*door, exchange));
  exchange.send_json(200, nodes);
}

void answer_stats(const SharedDoor& door, Exchange& exchange) {
  const int64_t used = resident_memory(), free = available_memory().value_or(0);
  const Json description = door->context.jobs.state()->description;
  const Json device = {{"name", description.value("backend", "none yet")}, {"type", "worker"}, {"index", 0},
                       {"vram_total", free + used}, {"vram_free", free},
                       {"torch_vram_total", 0},     {"torch_vram_free", 0}};
  exchange.send_json(200, {{"system",
                            {{"os", "posix"},
                             {"ram_total", free + used},
                             {"ram_free", free},
                             {"comfyui_version", kLikeVersion},
                             {"alice_version", ALICE_VERSION},
                             {"python_version", ""},
                             {"pytorch_version", description.value("libtorch", "")},
                             {"embedded_python", false},
                             {"argv", Json::array()}}},
                           {"devices", Json::array({device})}});
}

void answer_folders(const SharedDoor&, Exchange& exchange) {
  exchange.send_json(200, Json::array({"checkpoints", "loras"}));
}

void answer_folder(const SharedDoor& door, Exchange& exchange) {
  const auto state = door->context.jobs.state();
  const std::string& folder = exchange.param("folder");
  if (folder == "checkpoints") return exchange.send_json(200, list_checkpoints(*state));
  if (folder == "loras") return exchange.send_json(200, list_loras(*state));
  throw ApiError(404, "not_found", "there is no such folder; GET /models lists them", "folder");
}

void answer_empty_list(const SharedDoor&, Exchange& exchange) { exchange.send_json(200, Json::array()); }
void answer_empty_object(const SharedDoor&, Exchange& exchange) { exchange.send_json(200, Json::object()); }

}  // namespace

std::vector<Route> list_routes(const SharedDoor& door) {
  using Answer = void (*)(const SharedDoor&, Exchange&);
  const auto list = [&door](const char* method, const char* pattern, Answer answer, const char* id,
                            const char* summary, const char* schema) {
    return Route{method, pattern, Access::guarded, [door, answer](const auto& exchange) { answer(door, *exchange); },
                 {id, summary, schema}};
  };
  return {list("GET", "/object_info", answer_nodes, "comfyNodes", "the nodes that prompts may have", "ComfyNodes"),
          list("GET", "/object_info/{class}", answer_node, "comfyNode", "one of them", "ComfyNodes"),
          list("GET", "/system_stats", answer_stats, "comfyStats", "the machine and versions", "ComfyStats"),
          list("GET", "/models", answer_folders, "comfyFolders", "kinds of models", "ComfyWords"),
          list("GET", "/models/{folder}", answer_folder, "comfyModels", "models of a kind", "ComfyWords"),
          list("GET", "/embeddings", answer_empty_list, "comfyEmbeddings", "none", "EmptyList"),
          list("GET", "/extensions", answer_empty_list, "comfyExtensions", "none", "EmptyList"),
          list("POST", "/free", answer_empty_object, "comfyFree",
               "is passed over: the server manages its models itself", "EmptyObject")};
}

}  // namespace alice::comfy
