#include "server/front/http/doors/mcp/mcp_tools.h"

#include <utility>

#include "core/base/regular_file.h"
#include "core/base/request_fields.h"
#include "core/base/sha256.h"
#include "core/base/utf8.h"
#include "server/front/http/described_schemas.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/doors/mcp/job_call.h"
#include "server/front/http/doors/mcp/tool_result.h"
#include "server/front/http/model_list.h"
#include "server/front/http/request_schema.h"

namespace alice {
namespace {

constexpr const char *kGenerate = "generate_image", *kEdit = "edit_image", *kModels = "list_models", *kGet = "get_job",
                     *kCancel = "cancel_job";

/// What tools take beside a picture's settings.
struct ToolDoor {
  std::string job;
  int64_t index = 0;
  double wait_seconds = 50;  // clients give a request up after a minute
};

const OptionTable<ToolDoor>& door_options() {
  using D = ToolDoor;
  static const auto table =
      OptionTable<D>()
          .text("job", &D::job, "a job's id")
          .integer("index", &D::index, {0, 1000}, "which of the job's pictures, from 0")
          .number("wait_seconds", &D::wait_seconds, {0, 3600},
                  "how long to wait for the pictures; after that the answer has the job's id for get_job", "seconds");
  return table;
}

bool is_for_edits(const RequestField& field) {
  return field.counts_with == CountsWith::image || field.counts_with == CountsWith::mask;
}

/// A model reads each of them: every field under one name, and those for a picture to begin with where there is one.
std::vector<FieldRule> rules_of(const std::string& tool) {
  std::vector<FieldRule> rules;
  for (const RequestField& field : request_fields())
    if (tool == kEdit || !is_for_edits(field)) rules.push_back({field.spec.name, FieldUse::generate});
  for (const char* name : {"loras", "scheduler_options"}) rules.push_back({name, FieldUse::generate});
  if (tool == kEdit)
    for (const std::string& name : picture_fields()) rules.push_back({name, FieldUse::generate});
  if (tool == kEdit)
    for (const char* name : {"job", "index"}) rules.push_back({name, FieldUse::door});
  rules.push_back({"wait_seconds", FieldUse::door});
  return rules;
}

std::vector<FieldRule> job_rules(const std::string& tool) {
  std::vector<FieldRule> rules = {{"job", FieldUse::door}};
  if (tool == kGet) rules.push_back({"wait_seconds", FieldUse::door});
  return rules;
}

// --- what they are

/// The schemas that others refer to take their place.
Json standing_alone(const Json& schema, const Json& described) {
  if (schema.is_array()) {
    Json list = Json::array();
    for (const Json& one : schema) list.push_back(standing_alone(one, described));
    return list;
  }
  if (!schema.is_object()) return schema;
  if (const auto reference = schema.find("$ref"); reference != schema.end()) {
    const std::string name = reference->get<std::string>();
    return described.at(name.substr(name.rfind('/') + 1));
  }
  Json object = Json::object();
  for (const auto& [name, one] : schema.items()) object[name] = standing_alone(one, described);
  return object;
}

Json settings_schema(const std::string& tool, const std::vector<std::string>& required, const ServerState& state) {
  Json described = described_schemas(state);
  // All options of all schedulers would be most of the text that a model has to read.
  described["SchedulerOptions"] = {{"type", "object"}, {"description", "options of the scheduler, by their names"}};
  return standing_alone(request_schema(rules_of(tool), option_schemas(door_options()), required), described);
}

Json tool(const char* name, const char* title, const char* description, Json schema, bool changes) {
  return {{"name", name},
          {"title", title},
          {"description", description},
          {"inputSchema", std::move(schema)},
          {"annotations", {{"readOnlyHint", !changes}, {"destructiveHint", false}, {"openWorldHint", false}}}};
}

Json job_schema(const char* name, const std::vector<std::string>& required) {
  return request_schema(job_rules(name), option_schemas(door_options()), required);
}

// --- what they do

/// The arguments, sorted. Throws ApiError with every fault.
struct Arguments {
  DoorFields fields;
  ToolDoor door;
};

void sort_arguments(const Json& arguments, const std::vector<FieldRule>& rules, Arguments& sorted, Faults& faults) {
  sort_fields(arguments, "", rules, sorted.fields, faults);
  sorted.door = door_options().read(sorted.fields.door, UnknownKeys::pass_over, sorted.fields.place_of(), faults);
}

/// Throws ApiError with every fault.
JobCall picture_call(const std::string& tool, const Json& arguments, std::vector<SentPicture> pictures, Faults faults) {
  Arguments sorted;
  sort_arguments(arguments, rules_of(tool), sorted, faults);
  JobCall call;
  call.request.emplace();
  call.request->generate = read_generate_fields(sorted.fields, faults);
  if (sorted.fields.generate.count("prompt") == 0) faults.add("/prompt", "is missing");
  sorted.fields.throw_if_any(faults);
  // A megabyte is all that clients take, and a PNG of 1024 pixels has more.
  if (!call.request->generate.output_format.has_value()) call.request->generate.output_format = PictureFormat::jpeg;
  call.request->sent = std::move(pictures);
  call.param_of = sorted.fields.param_of();
  call.wait_seconds = sorted.door.wait_seconds;
  return call;
}

/// Throws ApiError.
ToolDoor read_job_arguments(const std::string& tool, const Json& arguments) {
  Faults faults;
  Arguments sorted;
  sort_arguments(arguments, job_rules(tool), sorted, faults);
  if (sorted.door.job.empty()) faults.add("/job", "is missing: it must be a job's id");
  sorted.fields.throw_if_any(faults);
  return sorted.door;
}

void send_result(Exchange& exchange, const McpMessage& message, Json result) {
  exchange.send_json(200, result_message(message, std::move(result)));
}

/// Runs `work`; what it finds wrong with the arguments is told to the model.
template <class Work>
void with_faults_told(const std::shared_ptr<Exchange>& exchange, const McpMessage& message, Work work) {
  try {
    work();
  } catch (const ApiError& error) {
    send_result(*exchange, message, tool_error(error.message));
  }
}

void begin_pictures(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  with_faults_told(exchange, message, [&] {
    const std::string name = message.param("name").get<std::string>();
    JobCall call = picture_call(name, message.params["arguments"], std::move(message.pictures), message.faults);
    sign(*call.request, *exchange);
    call_with_job(context, exchange, message, std::move(call));
  });
}

/// The picture of an earlier job becomes the one that this call brought. Throws Error.
void take_earlier_picture(const std::filesystem::path& folder, const Job& job, int64_t index, McpMessage& message) {
  constexpr size_t kMost = 32u << 20;
  if (job.pictures.empty())
    throw Error(ErrorCode::bad_request, "/job", "has no pictures: it is " + std::string(to_string(job.status)));
  if (index >= static_cast<int64_t>(job.pictures.size()))
    throw Error(ErrorCode::bad_request, "/index", "the job has " + std::to_string(job.pictures.size()) + " pictures");
  SentPicture picture;
  picture.bytes = std::make_shared<const std::string>(
      read_regular_file(folder / job.pictures[static_cast<size_t>(index)].file, kMost, ErrorCode::not_found));
  picture.sha256 = sha256_of(*picture.bytes);
  message.params["arguments"]["image"] = {{"sha256", picture.sha256}};
  message.pictures.push_back(std::move(picture));
}

/// Its bytes are read and hashed beside the loop.
void begin_with_earlier_picture(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message,
                                const ToolDoor& door) {
  exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
  auto call = std::make_shared<McpMessage>(std::move(message));
  const auto go_on = [&context, waiting = std::weak_ptr<Exchange>(exchange), call](const std::optional<Error>& fault) {
    const auto alive = waiting.lock();
    if (!alive) return;
    alive->guard([&] {
      if (!fault.has_value()) return begin_pictures(context, alive, std::move(*call));
      send_result(*alive, *call, tool_error(service_error(context, *fault, pointer_to_param).message));
    });
  };
  const auto then = [&context, call, go_on, index = door.index](const Outcome<Job>& outcome) {
    if (const auto* error = std::get_if<Error>(&outcome)) return go_on(*error);
    context.helper->post([loop = context.loop, folder = context.config.images_directory, index, call, go_on,
                          job = std::get<Job>(outcome)] {
      std::optional<Error> fault;
      try {
        take_earlier_picture(folder, job, index, *call);
      } catch (const Error& error) {
        fault = error;
      }
      loop->post([go_on, fault] { go_on(fault); });
    });
  };
  context.jobs.find(door.job, exchange->caller().viewer(), on_loop<Job>(context, then));
}

void generate_image(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  begin_pictures(context, exchange, std::move(message));
}

void edit_image(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  with_faults_told(exchange, message, [&] {
    Faults faults = message.faults;
    Arguments sorted;
    Json& arguments = message.params["arguments"];
    sort_arguments(arguments, rules_of(kEdit), sorted, faults);
    const bool has_job = !sorted.door.job.empty(), has_image = sorted.fields.generate.contains("image");
    if (has_job && has_image) faults.add("/job", "and image are given; one picture is changed: give one of them");
    if (!has_job && !has_image && faults.empty()) faults.add("/image", "is missing: give image, or job");
    sorted.fields.throw_if_any(faults);
    for (const char* name : {"job", "index"}) arguments.erase(name);
    if (!has_job) return begin_pictures(context, exchange, std::move(message));
    begin_with_earlier_picture(context, exchange, std::move(message), sorted.door);
  });
}

void list_models_tool(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  with_faults_told(exchange, message, [&] {
    Faults faults;
    Arguments sorted;
    sort_arguments(message.params["arguments"], {}, sorted, faults);
    throw_if_any(faults);
    const auto state = context.jobs.state();
    send_result(*exchange, message, tool_data({{"models", list_models(*state).at("data")}}));
  });
}

void get_job(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  with_faults_told(exchange, message, [&] {
    const ToolDoor door = read_job_arguments(kGet, message.params["arguments"]);
    JobCall call;
    call.job = door.job;
    call.wait_seconds = door.wait_seconds;
    call_with_job(context, exchange, std::move(message), std::move(call));
  });
}

void cancel_job(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  with_faults_told(exchange, message, [&] {
    const ToolDoor door = read_job_arguments(kCancel, message.params["arguments"]);
    exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
    const auto then = [&context, waiting = std::weak_ptr<Exchange>(exchange),
                       message = std::move(message)](const Outcome<Job>& outcome) {
      const auto alive = waiting.lock();
      if (!alive) return;
      alive->guard([&] {
        if (const auto* error = std::get_if<Error>(&outcome))
          return send_result(*alive, message, tool_error(service_error(context, *error, pointer_to_param).message));
        const Job& job = std::get<Job>(outcome);
        send_result(*alive, message, tool_data({{"job", job.id}, {"status", to_string(job.status)}}));
      });
    };
    context.jobs.cancel(door.job, exchange->caller().viewer(), on_loop<Job>(context, then));
  });
}

using Tool = void (*)(FrontContext&, const std::shared_ptr<Exchange>&, McpMessage);

Tool tool_named(const std::string& name) {
  constexpr std::pair<const char*, Tool> kTools[] = {
      {kGenerate, generate_image}, {kEdit, edit_image}, {kModels, list_models_tool}, {kGet, get_job},
      {kCancel, cancel_job}};
  for (const auto& [known, function] : kTools)
    if (name == known) return function;
  return nullptr;
}

}  // namespace

Json tool_list(const ServerState& state) {
  return Json::array(
      {tool(kGenerate, "Make pictures",
            "Makes pictures from a text, and returns them with their addresses, seeds and the job's id. Waits for them "
            "up to wait_seconds; then get_job fetches them.",
            settings_schema(kGenerate, {"prompt"}, state), true),
       tool(kEdit, "Change a picture",
            "Makes a picture anew from another one and a text: all of it, or what mask shows in white. The picture is "
            "image (base64 or a data URL), or one of an earlier job (job, index). strength, 0 to 1, says how far it "
            "may go from it.",
            settings_schema(kEdit, {"prompt"}, state), true),
       tool(kModels, "List models", "The models that pictures are made with, their sizes and defaults.",
            {{"type", "object"}, {"additionalProperties", false}}, false),
       tool(kGet, "Get a job", "Waits for a job up to wait_seconds, and returns its pictures or how far it is.",
            job_schema(kGet, {"job"}), false),
       tool(kCancel, "Cancel a job", "Ends a job that waits or runs.", job_schema(kCancel, {"job"}), true)});
}

void call_tool(FrontContext& context, const std::shared_ptr<Exchange>& exchange, McpMessage message) {
  const Json& name = message.param("name");
  const Tool tool = name.is_string() ? tool_named(name.get<std::string>()) : nullptr;
  if (tool == nullptr)
    throw McpError(200, kInvalidParams, "Unknown tool: " + brief(name.is_string() ? name.get<std::string>() : "", 64));
  Json& arguments = message.params["arguments"];
  if (arguments.is_null()) arguments = Json::object();
  if (!arguments.is_object()) throw McpError(200, kInvalidParams, "'arguments' must be an object");
  tool(context, exchange, std::move(message));
}

}  // namespace alice
