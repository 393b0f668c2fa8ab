// POST /prompt: a graph becomes a job.

#include <utility>
#include <variant>

#include "core/base/utf8.h"
#include "server/front/http/client_text.h"
#include "server/front/http/doors/comfy/comfy_door.h"
#include "server/front/http/doors/comfy/graph_job.h"
#include "server/front/http/json_body.h"
#include "server/front/http/model_list.h"
#include "server/front/http/request_body.h"
#include "server/front/http/schema_parts.h"
#include "server/front/http/standard_sizes.h"

namespace alice::comfy {
namespace {

constexpr size_t kLongestClientId = 200;  // bytes: it is echoed

struct AskedPrompt {
  GraphJob graph;
  Prompt prompt;
  std::map<std::string, std::string> classes;  ///< of its nodes
  std::vector<std::string> outputs;            ///< ids of those that want pictures
};
using Read = std::variant<AskedPrompt, PromptRefusal>;

/// What a request needs of the loop's state, for another thread.
struct Known {
  std::shared_ptr<const ServerState> state;
  std::map<std::string, SentPicture> uploads;

  SentPicture find(const std::string& name) const {
    const auto found = uploads.find(name);
    return found == uploads.end() ? SentPicture{} : found->second;
  }
};

Known known_to(const Door& door, const std::string& caller) {
  Known known;
  known.state = door.context.jobs.state();
  for (const std::string& name : door.uploads.names(caller)) known.uploads[name] = door.uploads.find(caller, name);
  return known;
}

std::string text_in(const Json& body, const char* name, size_t longest) {
  const auto value = body.find(name);
  if (value == body.end() || value->is_null()) return "";
  if (!value->is_string() || value->get_ref<const std::string&>().size() > longest)
    throw refused_prompt("invalid_prompt", std::string(name) + ": must be a string of at most " +
                                               std::to_string(longest) + " bytes",
                         name);
  return value->get<std::string>();
}

/// What is taken and counts for nothing.
void note_unused(const Json& body, std::vector<std::string>& warnings) {
  for (const char* name : {"number", "front", "partial_execution_targets"})
    if (body.contains(name) && !body[name].is_null() && body[name] != Json(false))
      warnings.push_back(std::string(name) + ": has no effect here");
  if (const auto extra = body.find("extra_data"); extra != body.end() && extra->is_object() &&
                                                  extra->contains("extra_pnginfo"))
    warnings.emplace_back("extra_data.extra_pnginfo: is not written into pictures; they bear their settings");
}

void read_envelope(const Json& body, AskedPrompt& asked) {
  asked.prompt.extra_data = Json::object();
  if (const std::string client = text_in(body, "client_id", kLongestClientId); !client.empty())
    asked.prompt.extra_data["client_id"] = client;
  constexpr size_t kUuid = 36;
  asked.prompt.id = text_in(body, "prompt_id", kUuid);
  if (!asked.prompt.id.empty() && !is_uuid(asked.prompt.id))
    throw refused_prompt("invalid_prompt", "prompt_id: must be a UUID", "prompt_id");
  note_unused(body, asked.prompt.warnings);
}

void note_nodes(const Graph& graph, AskedPrompt& asked) {
  for (const auto& [id, node] : graph.nodes) {
    asked.classes[id] = node.type->name;
    if (node.type->name == "KSampler") asked.prompt.last_node = id, asked.prompt.last_class = node.type->name;
  }
  for (const std::string& id : graph.outputs) asked.prompt.outputs.push_back({id, asked.classes[id]});
  asked.outputs = graph.outputs;
}

AskedPrompt read_asked(const std::string& text, const Known& known) {
  const Json body = read_json_body(text, {"image"});
  AskedPrompt asked;
  read_envelope(body, asked);
  const FindUpload find = [&](const std::string& name) { return known.find(name); };
  const Json prompt = body.value("prompt", Json());
  const Graph graph = read_graph(prompt, [&](Words words, const std::string& value) {
    return is_known_word(words, value, *known.state, find);
  });
  note_nodes(graph, asked);
  asked.graph = job_of(graph, *known.state, find);
  GenerateRequest& request = asked.graph.job.generate;
  if (const std::string told = fit_asked_size(request, described_model(*known.state, request.model)); !told.empty())
    asked.graph.warnings.push_back("width, height: " + told);
  auto& warnings = asked.prompt.warnings;
  warnings.insert(warnings.end(), graph.warnings.begin(), graph.warnings.end());
  warnings.insert(warnings.end(), asked.graph.warnings.begin(), asked.graph.warnings.end());
  std::string graph_text = dump_json(prompt);
  asked.prompt.graph = graph_text.size() <= kLongestGraph ? std::move(graph_text) : "{}";
  return asked;
}

const Origin* origin_of(const GraphJob& graph, const std::string& place) {
  if (place.empty() || place.front() != '/') return nullptr;
  const auto found = graph.origins.find(place.substr(1, place.find('/', 1) - 1));
  return found == graph.origins.end() ? nullptr : &found->second;
}

/// What the service says of the job, at the node that it is about.
void refuse(const FrontContext& context, Exchange& exchange, const Error& error, const AskedPrompt& asked) {
  const auto param_of = [&](const std::string& place) {
    const Origin* origin = origin_of(asked.graph, place);
    return origin == nullptr ? std::string() : param_of_input(origin->node, origin->input);
  };
  const ApiError told = service_error(context, error, param_of);
  const Origin* origin = origin_of(asked.graph, error.place());
  if ((told.status != 400 && told.status != 404) || origin == nullptr) throw ApiError(told);
  PromptRefusal refusal = refused_nodes(
      {{origin->node, origin->input, "custom_validation_failed", "Custom validation failed for node", told.message}});
  refusal.classes = asked.classes;
  refusal.dependent_outputs = asked.outputs;
  refusal.status = told.status;
  send_refusal(exchange, refusal);
}

void accept(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, const AskedPrompt& asked,
            const std::string& caller, const Viewer& viewer, const Job& job) {
  Prompt prompt = asked.prompt;
  prompt.job = job.id;
  prompt.number = door->prompts->next_number();
  if (prompt.id.empty()) prompt.id = uuid_of(job.id);
  const Json answer = {{"prompt_id", prompt.id},
                       {"number", prompt.number},
                       {"node_errors", Json::object()},
                       {"warnings", prompt.warnings}};
  door->prompts->add(caller, viewer, std::move(prompt));
  if (!exchange) return;
  exchange->job_is(job.id, job.request.generate.model);
  exchange->send_json(200, answer);
}

void submit(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange, AskedPrompt asked) {
  const std::string caller = caller_of(*exchange);
  if (!asked.prompt.id.empty() && door->prompts->find(caller, asked.prompt.id) != nullptr)
    return send_refusal(*exchange, refused_prompt("invalid_prompt", "prompt_id: there is a prompt of that id already",
                                                  "prompt_id"));
  sign(asked.graph.job, *exchange);
  exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
  const auto told = std::make_shared<AskedPrompt>(std::move(asked));
  JobRequest request = told->graph.job;
  told->graph.job = {};  // its pictures are the job's now
  const auto then = [door, waiting = std::weak_ptr<Exchange>(exchange), told, caller,
                     viewer = exchange->caller().viewer()](const Outcome<Job>& outcome) {
    const auto alive = waiting.lock();
    if (const auto* job = std::get_if<Job>(&outcome)) {
      if (!alive) return accept(door, nullptr, *told, caller, viewer, *job);
      return alive->guard([&] { accept(door, alive, *told, caller, viewer, *job); });
    }
    if (alive) alive->guard([&] { refuse(door->context, *alive, std::get<Error>(outcome), *told); });
  };
  door->context.jobs.submit(std::move(request), on_loop<Job>(door->context, then));
}

void post_prompt(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const auto known = std::make_shared<const Known>(known_to(*door, caller_of(*exchange)));
  if (known->state->description.empty()) {
    ApiError error(503, to_string(ErrorCode::busy), "no worker has told yet which models there are");
    error.again = true;
    error.headers.emplace_back("Retry-After", "1");
    throw error;
  }
  const auto read = [known](const std::string& text) -> Read {
    try {
      return read_asked(text, *known);
    } catch (const PromptRefusal& refusal) {
      return refusal;
    }
  };
  read_text_body<Read>(door->context, exchange, read, [door](const auto& waiting, Read found) {
    if (const auto* refusal = std::get_if<PromptRefusal>(&found)) return send_refusal(*waiting, *refusal);
    submit(door, waiting, std::move(std::get<AskedPrompt>(found)));
  });
}

Json prompt_schema() {
  const Json node = {{"type", "object"},
                     {"properties", {{"class_type", {{"type", "string"}}}, {"inputs", {{"type", "object"}}}}},
                     {"required", {"class_type"}}};
  return {{"type", "object"},
          {"properties",
           {{"prompt", {{"type", "object"}, {"additionalProperties", node}, {"description", "nodes by their ids"}}},
            {"client_id", schema_of("string", "echoed")},
            {"prompt_id", schema_of("string", "a UUID; absent: one is made")},
            {"extra_data", schema_of("object", "passed over")}}},
          {"required", {"prompt"}}};
}

/// How many of the caller's have not ended.
void answer_remaining(const SharedDoor& door, Exchange& exchange) {
  int64_t remaining = 0;
  for (const auto& prompt : door->prompts->of(caller_of(exchange)))
    remaining += prompt->state == Prompt::State::ended ? 0 : 1;
  exchange.send_json(200, {{"exec_info", {{"queue_remaining", remaining}}}});
}

}  // namespace

std::vector<Route> prompt_routes(const SharedDoor& door) {
  Route post = {"POST",
                "/prompt",
                Access::guarded,
                [door](const auto& exchange) { post_prompt(door, exchange); },
                {"comfyPrompt", "make what a graph of ComfyUI makes, if it is one that is built", "ComfyPrompt",
                 prompt_schema},
                kPicturesBody};
  post.takes_plain_text = true;
  return {post,
          {"GET",
           "/prompt",
           Access::open,
           [door](const auto& exchange) { answer_remaining(door, *exchange); },
           {"comfyRemaining", "how many of the caller's prompts have not ended", "ComfyRemaining"}}};
}

}  // namespace alice::comfy
