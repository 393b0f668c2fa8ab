// What became of the caller's own prompts, and their end before it.

#include <algorithm>
#include <charconv>

#include "core/base/utf8.h"
#include "server/front/http/doors/comfy/comfy_door.h"
#include "server/front/http/json_body.h"
#include "server/front/http/request_body.h"
#include "server/front/http/schema_parts.h"

namespace alice::comfy {
namespace {

using SharedPrompt = std::shared_ptr<const Prompt>;
using State = Prompt::State;

Json ids_of(const Prompt& prompt) {
  Json ids = Json::array();
  for (const Prompt::Output& output : prompt.outputs) ids.push_back(output.node);
  return ids;
}

/// ComfyUI's tuple; its graph is JSON already, and is put in as it is.
std::string tuple_of(const Prompt& prompt) {
  return "[" + std::to_string(prompt.number) + "," + dump_json(prompt.id) + "," + prompt.graph + "," +
         dump_json(prompt.extra_data) + "," + dump_json(ids_of(prompt)) + "]";
}

Json pictures_of(const Prompt& prompt) {
  Json outputs = Json::object();
  if (prompt.status != JobStatus::succeeded) return outputs;
  for (const Prompt::Output& output : prompt.outputs) {
    Json images = Json::array();
    for (const std::string& file : prompt.files)
      images.push_back({{"filename", file},
                        {"subfolder", ""},
                        {"type", output.node_class == "PreviewImage" ? "temp" : "output"}});
    outputs[output.node] = {{"images", images}};
  }
  return outputs;
}

Json message(const char* type, const Prompt& prompt, int64_t at, Json more = Json::object()) {
  more["prompt_id"] = prompt.id;
  more["timestamp"] = at;
  return Json::array({type, std::move(more)});
}

Json last_message(const Prompt& prompt) {
  if (prompt.status == JobStatus::succeeded) return message("execution_success", prompt, prompt.finished_ms);
  const Json node = {{"node_id", prompt.last_node}, {"node_type", prompt.last_class}, {"executed", Json::array()}};
  if (prompt.status == JobStatus::cancelled)
    return message("execution_interrupted", prompt, prompt.finished_ms, node);
  Json error = node;
  error.update({{"exception_message", prompt.failure},
                {"exception_type", to_string(prompt.failure_code)},
                {"traceback", Json::array()},
                {"current_inputs", Json::object()},
                {"current_outputs", Json::array()}});
  return message("execution_error", prompt, prompt.finished_ms, error);
}

Json status_of(const Prompt& prompt) {
  const bool is_good = prompt.status == JobStatus::succeeded;
  return {{"status_str", is_good ? "success" : "error"},
          {"completed", is_good},
          {"messages", Json::array({message("execution_start", prompt, prompt.started_ms),
                                    message("execution_cached", prompt, prompt.started_ms, {{"nodes", Json::array()}}),
                                    last_message(prompt)})}};
}

std::string entry_of(const Prompt& prompt) {
  return dump_json(prompt.id) + ":{\"prompt\":" + tuple_of(prompt) + ",\"outputs\":" + dump_json(pictures_of(prompt)) +
         ",\"status\":" + dump_json(status_of(prompt)) + ",\"meta\":{},\"warnings\":" +
         dump_json(prompt.warnings) + "}";
}

void send_text(Exchange& exchange, std::string text) {
  exchange.send(200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, std::move(text));
}

void send_history(Exchange& exchange, const std::vector<SharedPrompt>& prompts) {
  std::string text = "{";
  for (const SharedPrompt& prompt : prompts) text += (text.size() == 1 ? "" : ",") + entry_of(*prompt);
  send_text(exchange, text + "}");
}

/// Clients put further parameters of theirs behind every path ("clientId").
size_t max_items(const HttpRequest& request) {
  size_t most = kListedPrompts;
  for (const auto& [name, value] : request.query) {
    if (name != "max_items") continue;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), most);
    if (value.empty() || read.ec != std::errc() || read.ptr != value.data() + value.size())
      throw ApiError(400, to_string(ErrorCode::bad_request), "max_items: must be a number", name);
  }
  return most;
}

/// The newest ones that have ended.
void answer_history(const SharedDoor& door, Exchange& exchange) {
  std::vector<SharedPrompt> prompts = door->prompts->of(caller_of(exchange));
  prompts.erase(std::remove_if(prompts.begin(), prompts.end(),
                               [](const SharedPrompt& one) { return one->state != State::ended; }),
                prompts.end());
  const size_t most = max_items(exchange.request());
  if (prompts.size() > most) prompts.erase(prompts.begin(), prompts.end() - static_cast<std::ptrdiff_t>(most));
  send_history(exchange, prompts);
}

void answer_one(const SharedDoor& door, Exchange& exchange) {
  const auto prompt = door->prompts->find(caller_of(exchange), exchange.param("id"));
  send_history(exchange, prompt != nullptr && prompt->state == State::ended ? std::vector<SharedPrompt>{prompt}
                                                                            : std::vector<SharedPrompt>{});
}

void answer_queue(const SharedDoor& door, Exchange& exchange) {
  std::string running, pending;
  for (const SharedPrompt& prompt : door->prompts->of(caller_of(exchange))) {
    if (prompt->state == State::ended) continue;
    std::string& list = prompt->state == State::running ? running : pending;
    list += (list.empty() ? "" : ",") + tuple_of(*prompt);
  }
  send_text(exchange, "{\"queue_running\":[" + running + "],\"queue_pending\":[" + pending + "]}");
}

/// The body of what may have none.
struct Wanted {
  bool clear = false;
  std::vector<std::string> ids;  ///< "delete", or "prompt_id"
};

Wanted read_wanted(const std::string& text) {
  constexpr size_t kMost = 1000;
  Wanted wanted;
  if (text.empty()) return wanted;
  const Json body = read_json_body(text);
  const auto refuse = [](const std::string& name, const char* what) {
    throw ApiError(400, to_string(ErrorCode::bad_request), name + ": must be " + what, name);
  };
  for (const auto& [name, value] : body.items()) {
    if (value.is_null()) continue;
    if (name == "clear") {
      if (!value.is_boolean()) refuse(name, "true or false");
      wanted.clear = value.get<bool>();
    } else if (name == "delete") {
      if (!value.is_array() || value.size() > kMost) refuse(name, "a list of at most 1000 prompts' ids");
      for (const Json& id : value) {
        if (!id.is_string()) refuse(name, "a list of prompts' ids");
        wanted.ids.push_back(id.get<std::string>());
      }
    } else if (name == "prompt_id") {
      if (!value.is_string()) refuse(name, "a prompt's id");
      wanted.ids.push_back(value.get<std::string>());
    }
  }
  return wanted;
}

void cancel(const SharedDoor& door, const Viewer& viewer, const Prompt& prompt) {
  door->context.jobs.cancel(prompt.job, viewer, [](const Outcome<Job>&) {});  // one that has ended is no fault
}

bool is_meant(const Wanted& wanted, const Prompt& prompt) {
  return wanted.clear || std::find(wanted.ids.begin(), wanted.ids.end(), prompt.id) != wanted.ids.end();
}

void change_history(const SharedDoor& door, Exchange& exchange, const Wanted& wanted) {
  const std::string caller = caller_of(exchange);
  if (wanted.clear) door->prompts->forget(caller, "");
  for (const std::string& id : wanted.ids)
    if (!id.empty()) door->prompts->forget(caller, id);
}

/// As ComfyUI has it, of those that wait alone.
void change_queue(const SharedDoor& door, Exchange& exchange, const Wanted& wanted) {
  for (const SharedPrompt& prompt : door->prompts->of(caller_of(exchange)))
    if (prompt->state == State::queued && is_meant(wanted, *prompt)) cancel(door, exchange.caller().viewer(), *prompt);
}

/// The one that is named, else the one that runs, else the one that is next.
void interrupt(const SharedDoor& door, Exchange& exchange, const Wanted& wanted) {
  const std::vector<SharedPrompt> all = door->prompts->of(caller_of(exchange));
  const auto find = [&](State state) {
    return std::find_if(all.begin(), all.end(), [&](const SharedPrompt& one) {
      return one->state == state && (wanted.ids.empty() || is_meant(wanted, *one));
    });
  };
  auto found = find(State::running);
  if (found == all.end()) found = find(State::queued);
  if (found == all.end()) return;
  exchange.job_is((*found)->job);
  cancel(door, exchange.caller().viewer(), **found);
}

using Change = void (*)(const SharedDoor&, Exchange&, const Wanted&);

Route changing(const SharedDoor& door, const char* method, const char* pattern, Change change, Operation operation) {
  Route route = {method, pattern, Access::guarded,
                 [door, change](const auto& exchange) {
                   read_text_body<Wanted>(door->context, exchange, read_wanted,
                                          [door, change](const auto& waiting, const Wanted& wanted) {
                                            change(door, *waiting, wanted);
                                            waiting->send_json(200, Json::object());
                                          });
                 },
                 std::move(operation)};
  route.takes_plain_text = true;
  return route;
}

Json wanted_schema() {
  return {{"type", "object"},
          {"properties",
           {{"clear", {{"type", "boolean"}}}, {"delete", list_of({{"type", "string"}}, "prompts' ids")}}}};
}

Json interrupt_schema() {
  return {{"type", "object"}, {"properties", {{"prompt_id", schema_of("string", "absent: the one that runs")}}}};
}

}  // namespace

std::vector<Route> history_routes(const SharedDoor& door) {
  const auto looking = [&door](const char* method, const char* pattern, void (*answer)(const SharedDoor&, Exchange&),
                               Operation operation) {
    return Route{method, pattern, Access::open, [door, answer](const auto& exchange) { answer(door, *exchange); },
                 std::move(operation)};
  };
  Operation history = {"comfyHistory", "the caller's prompts that have ended, the newest ones", "ComfyHistory"};
  history.query = Json::array({{{"name", "max_items"}, {"in", "query"}, {"schema", {{"type", "integer"}}}}});
  return {looking("GET", "/history", answer_history, history),
          looking("GET", "/history/{id}", answer_one,
                  {"comfyHistoryOf", "one of them; nothing while it has not ended", "ComfyHistory"}),
          looking("GET", "/queue", answer_queue,
                  {"comfyQueue", "the caller's prompts that have not ended", "ComfyQueue"}),
          changing(door, "POST", "/history", change_history,
                   {"comfyForget", "forget prompts that have ended; their jobs and pictures stay", "EmptyObject",
                    wanted_schema}),
          changing(door, "POST", "/queue", change_queue,
                   {"comfyDequeue", "cancel prompts of the caller that wait", "EmptyObject", wanted_schema}),
          changing(door, "POST", "/interrupt", interrupt,
                   {"comfyInterrupt", "cancel the caller's prompt that runs, else its next one", "EmptyObject",
                    interrupt_schema})};
}

}  // namespace alice::comfy
