// DELETE of a model or a LoRA: not while a job wants it.

#include <algorithm>
#include <variant>

#include "server/front/http/client_text.h"
#include "server/front/http/routes.h"
#include "server/front/model_choice.h"
#include "server/front/model_files.h"

namespace alice {
namespace {

struct Deletion {
  ModelKind kind = ModelKind::model;
  std::string id;
  std::vector<JobStatus> statuses;  ///< of jobs that are still to be looked at
};

const char* word_of(ModelKind kind) { return kind == ModelKind::model ? "model" : "LoRA"; }

ApiError refusal(const Error& error, const Deletion& deletion) {
  const std::string what = std::string("this ") + word_of(deletion.kind) + " " + error.sentence();
  if (error.code() == ErrorCode::not_found)
    return {409, "conflict", what + ", so it is not the server's to delete", "id"};
  if (error.code() == ErrorCode::unsupported) return {409, "conflict", what, "id"};
  return to_api_error(error, pointer_to_param);
}

bool means(const std::string& name, const std::string& id, const ServerState& state) {
  try {
    return choose_model(name, state.default_model, state.description) == id;
  } catch (const Error&) {  // names none
    return false;
  }
}

bool uses(const Job& job, const Deletion& deletion, const ServerState& state) {
  const GenerateRequest& request = job.request.generate;
  if (deletion.kind == ModelKind::lora) {
    const bool has_tags = request.prompt.find('<') != std::string::npos;  // they name LoRAs loosely
    return has_tags || std::any_of(request.loras.begin(), request.loras.end(), [&](const LoraUse& one) {
             return one.name == deletion.id || "lora/" + one.name == deletion.id;
           });
  }
  const std::string refiner = request.refiner.value_or("");
  return means(request.model, deletion.id, state) || (!refiner.empty() && means(refiner, deletion.id, state));
}

/// The answer comes when a worker has looked: what is listed is true then. Without a worker nothing is listed anyway.
void look_again(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const Deletion& deletion) {
  exchange->on_closed([exchange] {});
  const Json answer = {{"status", "deleted"},
                       {deletion.kind == ModelKind::model ? "model_id" : "lora_id", deletion.id}};
  context.jobs.refresh(on_loop<Json>(context, [waiting = std::weak_ptr<Exchange>(exchange), answer](const auto&) {
    if (const auto alive = waiting.lock()) alive->guard([&] { alive->send_json(200, answer); });
  }));
}

/// On the helper's thread, for it reads folders and deletes what may be many files.
void remove_files(FrontContext& context, const std::shared_ptr<Exchange>& exchange, const Deletion& deletion) {
  exchange->on_closed([exchange] {});
  context.helper->post([&context, waiting = std::weak_ptr<Exchange>(exchange), deletion] {
    auto fault = std::make_shared<std::optional<Error>>();
    try {
      const std::filesystem::path& folder = context.facts.models_directory;
      delete_model_files(folder, deletable_path(folder, deletion.kind, deletion.id));
    } catch (const Error& error) {
      *fault = error;
    }
    context.loop->post([&context, waiting, deletion, fault] {
      const auto alive = waiting.lock();
      if (!alive) return;
      alive->guard([&] {
        if (fault->has_value()) throw refusal(**fault, deletion);
        look_again(context, alive, deletion);
      });
    });
  });
}

/// Asks for the jobs of one status after the other.
void look_at_jobs(FrontContext& context, const std::shared_ptr<Exchange>& exchange, Deletion deletion) {
  if (deletion.statuses.empty()) return remove_files(context, exchange, deletion);
  JobQuery query;
  query.limit = std::max<int64_t>(context.config.queue_size * 100, 10000);  // of all groups
  query.status = deletion.statuses.back();
  deletion.statuses.pop_back();
  context.jobs.list(query, answering<std::vector<Job>>(
                               context, exchange, [&context, deletion](const auto& waiting, const auto& jobs) {
                                 const auto state = context.jobs.state();
                                 for (const Job& job : jobs)
                                   if (uses(job, deletion, *state))
                                     throw ApiError(409, "in_use",
                                                    std::string("this ") + word_of(deletion.kind) +
                                                        " is wanted by a job that has not ended",
                                                    "id");
                                 look_at_jobs(context, waiting, deletion);
                               }));
}

/// Throws ApiError 404 for one that is not described.
std::string described_id(const ServerState& state, ModelKind kind, const std::string& name) {
  const Json list = state.description.value(kind == ModelKind::model ? "models" : "loras", Json::array());
  for (const Json& one : list) {
    const std::string id = one.value("id", "");
    const bool is_bare = kind == ModelKind::model && id.substr(id.find('/') + 1) == name;
    const bool is_prefixed = kind == ModelKind::lora && "lora/" + id == name;  // as the original ALICE has it
    if (id == name || is_bare || is_prefixed) return id;
  }
  throw ApiError(404, "not_found",
                 std::string("there is no ") + word_of(kind) + " of that id; GET /v1/" +
                     (kind == ModelKind::model ? "models" : "loras") + " lists them",
                 "id");
}

Route deletion_of(FrontContext& context, ModelKind kind, const char* method, const char* pattern, Operation operation) {
  Route route = {method, pattern, Access::guarded,
                 [&context, kind](const auto& exchange) {
                   Deletion deletion;
                   deletion.kind = kind;
                   deletion.id = described_id(*context.jobs.state(), kind, exchange->param("id"));
                   deletion.statuses = {JobStatus::queued, JobStatus::running, JobStatus::cancelling};
                   look_at_jobs(context, exchange, std::move(deletion));
                 },
                 std::move(operation)};
  route.level = Level::admin;
  route.scope = Scope::models_write;
  return route;
}

}  // namespace

std::vector<Route> model_deletion_routes(FrontContext& context) {
  return {deletion_of(context, ModelKind::model, "DELETE", "/v1/models/{id...}",
                      {"deleteModel", "delete a model's files, if they lie in the models folder", "ModelDeleted"}),
          deletion_of(context, ModelKind::lora, "DELETE", "/v1/loras/{id...}",
                      {"deleteLora", "delete a LoRA's file, if it lies in the models folder", "LoraDeleted"})};
}

}  // namespace alice
