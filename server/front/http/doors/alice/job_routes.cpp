// /v1/jobs: jobs by themselves, without anybody who waits.

#include <algorithm>
#include <charconv>

#include "core/base/nearest.h"
#include "server/front/http/door_fields.h"
#include "server/front/http/doors/alice/job_events.h"
#include "server/front/http/job_json.h"
#include "server/front/http/made_answer.h"
#include "server/front/http/model_aliases.h"
#include "server/front/http/request_body.h"
#include "server/front/http/request_schema.h"
#include "server/front/http/routes.h"
#include "server/front/http/sent_body.h"

namespace alice {
namespace {

struct JobDoor {
  int64_t preview_every = 0, priority = 0;
  std::string label;
  std::optional<double> deadline_s;
};

const OptionTable<JobDoor>& door_options() {
  constexpr double kLongestDeadline = 30.0 * 24 * 3600;
  static const auto table =
      OptionTable<JobDoor>()
          .integer("preview_every", &JobDoor::preview_every, {0, 1000}, "steps between two previews; 0: none")
          .text("label", &JobDoor::label, "of jobs that belong together: 1 to 64 letters on one line")
          .integer("priority", &JobDoor::priority, {-kMostPriority, kMostPriority},
                   "among the caller's own jobs, greater ones first")
          .number("deadline_seconds", &JobDoor::deadline_s, {0.1, kLongestDeadline},
                  "the job is cancelled when it is not done by then", "seconds");
  return table;
}

/// What the table cannot say has been said to `faults`.
JobTerms terms_of(const JobDoor& door, Faults& faults) {
  if (!door.label.empty() && !is_label(door.label))
    faults.add("/label", "must be 1 to 64 letters on one line, without a blank at either end");
  JobTerms terms = {door.label, door.priority, std::nullopt};
  if (door.deadline_s) terms.deadline_ms = now_ms() + static_cast<int64_t>(*door.deadline_s * 1000);
  return terms;
}

const std::vector<FieldRule>& rules() {
  static const std::vector<FieldRule> rules = [] {
    std::vector<FieldRule> list = generate_rules();
    for (const std::string& name : picture_fields()) list.push_back({name, FieldUse::generate});
    for (const OptionSpec& option : door_options().specs()) list.push_back({option.name, FieldUse::door});
    list.push_back({"on_disconnect", FieldUse::refused,
                    "has no meaning here: nobody waits for the answer; DELETE /v1/jobs/{id} cancels"});
    return in_both_spellings(list);
  }();
  return rules;
}

struct AskedJob {
  JobRequest job;
  ParamOf param_of;  ///< the client's spelling, for errors
};

/// Throws ApiError with every fault.
AskedJob read_job_request(SentBody body) {
  Faults faults = std::move(body.faults);
  DoorFields fields;
  sort_fields(body.fields, "", rules(), fields, faults);
  AskedJob asked;
  asked.job.generate = read_generate_fields(fields, faults);
  if (fields.generate.count("prompt") == 0) faults.add("/prompt", "is missing");
  const JobDoor door = door_options().read(fields.door, UnknownKeys::pass_over, fields.place_of(), faults);
  asked.job.preview_every = door.preview_every;
  asked.job.terms = terms_of(door, faults);
  fields.throw_if_any(faults);
  asked.job.sent = std::move(body.pictures);
  asked.param_of = fields.param_of();
  return asked;
}

bool is_long(const Job& job) {
  constexpr size_t kShort = 4u << 10;
  const GenerateRequest& request = job.request.generate;
  return request.prompt.size() + request.negative_prompt.value_or("").size() > kShort;
}

void send_job(const FrontContext& context, const std::shared_ptr<Exchange>& exchange, int status, const Job& job,
              Headers headers = {}) {
  const auto make = [job = std::make_shared<const Job>(job), urls = context.picture_urls(exchange->request())] {
    return job_to_json(*job, urls);
  };
  send_made(context, exchange, status, is_long(job), make, std::move(headers));
}

void submit(FrontContext& context, const std::shared_ptr<Exchange>& exchange, AskedJob asked) {
  const auto reply = [&context](const auto& waiting, const Job& job) {
    waiting->job_is(job.id, job.request.generate.model);
    send_job(context, waiting, 202, job, {{"Location", "/v1/jobs/" + job.id}});
  };
  std::string& model = asked.job.generate.model;
  model = meant_model(model, context.config, context.jobs.state()->description).id;
  sign(asked.job, *exchange);
  context.jobs.submit(std::move(asked.job), answering<Job>(context, exchange, reply, std::move(asked.param_of)));
}

void read_and_submit(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  const std::string* type = exchange->request().header("Content-Type");
  const auto read = [type = type == nullptr ? "" : *type](const std::string& text) {
    return read_job_request(read_sent_body(text, type));
  };
  read_text_body<AskedJob>(context, exchange, read, [&context](const auto& waiting, AskedJob asked) {
    submit(context, waiting, std::move(asked));
  });
}

bool is_job_id(const std::string& id) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return id.size() == 32 && std::all_of(id.begin(), id.end(), is_hex);
}

const std::string& job_id_of(const Exchange& exchange) {
  const std::string& id = exchange.param("id");
  if (!is_job_id(id)) throw ApiError(404, "not_found", "there is no job of that id");
  return id;
}

struct ListQuery {
  int64_t limit = 20;
  std::string before, label;
  std::optional<JobStatus> status;
};

/// Throws ApiError 400.
ListQuery read_list_query(const HttpRequest& request) {
  constexpr int64_t kMost = 100;
  ListQuery query;
  Faults faults;
  for (const auto& [name, value] : request.query) {
    if (name == "limit") {
      const auto read = std::from_chars(value.data(), value.data() + value.size(), query.limit);
      if (read.ec != std::errc() || read.ptr != value.data() + value.size() || query.limit < 1 || query.limit > kMost)
        faults.add("/limit", "must be an integer from 1 to " + std::to_string(kMost));
    } else if (name == "before") {
      query.before = value;
      if (!is_job_id(value)) faults.add("/before", "must be a job's id");
    } else if (name == "label") {
      query.label = value;
      if (!is_label(value)) faults.add("/label", "must be a label, of 1 to 64 letters");
    } else if (name == "status") {
      query.status = job_status_from(value);
      if (!query.status.has_value())
        faults.add("/status", "must be one of " + dump_json(job_status_words()));
    } else {
      throw_if_any(unknown_parameter(name, {"limit", "before", "status", "label"}));
    }
  }
  throw_if_any(faults);
  return query;
}

void list(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  const ListQuery query = read_list_query(exchange->request());
  const auto reply = [&context, limit = query.limit](const auto& waiting, const std::vector<Job>& jobs) {
    constexpr size_t kFew = 10;
    const auto make = [jobs = std::make_shared<const std::vector<Job>>(jobs), limit,
                       urls = context.picture_urls(waiting->request())] {
      const size_t shown = std::min(jobs->size(), static_cast<size_t>(limit));
      Json data = Json::array();
      for (size_t i = 0; i < shown; ++i) data.push_back(listed_job_to_json((*jobs)[i], urls));
      return Json{{"object", "list"}, {"data", data}, {"has_more", jobs->size() > shown}};
    };
    send_made(context, waiting, 200, jobs.size() > kFew, make);
  };
  // One more than asked tells whether there are more.
  const auto owner = exchange->caller().viewer().only_owner();
  context.jobs.list({query.limit + 1, query.before, query.status, owner, query.label},
                    answering<std::vector<Job>>(context, exchange, reply));
}

void find(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  const auto reply = [&context](const auto& waiting, const Job& job) {
    if (is_long(job)) check_room_for_long_answer(context);
    send_job(context, waiting, 200, job);
  };
  context.jobs.find(job_id_of(*exchange), exchange->caller().viewer(), answering<Job>(context, exchange, reply));
}

void cancel(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  const auto reply = [&context](const auto& waiting, const Job& job) {
    waiting->job_is(job.id);
    send_job(context, waiting, has_ended(job.status) ? 200 : 202, job);
  };
  context.jobs.cancel(job_id_of(*exchange), exchange->caller().viewer(), answering<Job>(context, exchange, reply));
}

void cancel_labelled(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  Faults faults;
  std::string label;
  for (const auto& [name, value] : exchange->request().query) {
    if (name != "label") throw_if_any(unknown_parameter(name, {"label"}));
    label = value;
  }
  if (!is_label(label)) faults.add("/label", "must say which jobs are meant; DELETE /v1/jobs/{id} cancels one");
  throw_if_any(faults);
  const auto reply = [](const auto& waiting, int64_t count) {
    waiting->send_json(200, {{"object", "jobs.cancelled"}, {"cancelled", count}});
  };
  context.jobs.cancel_labelled(label, exchange->caller().viewer(), answering<int64_t>(context, exchange, reply));
}

void keep(FrontContext& context, const std::shared_ptr<Exchange>& exchange) {
  const auto reply = [&context](const auto& waiting, const Job& job) { send_job(context, waiting, 200, job); };
  const bool is_kept = exchange->request().method != "DELETE";
  context.jobs.keep(job_id_of(*exchange), exchange->caller().viewer(), is_kept,
                    answering<Job>(context, exchange, reply));
}

Json query_parameter(const char* name, Json schema) {
  return {{"name", name}, {"in", "query"}, {"schema", std::move(schema)}};
}

Json label_parameter(bool is_required) {
  Json parameter = query_parameter("label", {{"type", "string"}, {"description", "of the jobs that are meant"}});
  parameter["required"] = is_required;
  return parameter;
}

Json list_parameters() {
  return {query_parameter("limit", {{"type", "integer"}, {"minimum", 1}, {"maximum", 100}, {"default", 20}}),
          query_parameter("before", {{"type", "string"}, {"description", "a job's id: older ones than it"}}),
          query_parameter("status", {{"type", "string"}, {"enum", job_status_words()}}), label_parameter(false)};
}

Json submit_schema() { return request_schema(rules(), option_schemas(door_options()), {"prompt"}); }

}  // namespace

std::vector<Route> job_routes(FrontContext& context) {
  const auto route = [&context](const char* method, const char* pattern, auto function, Operation operation) {
    return Route{method, pattern, Access::guarded,
                 [&context, function](const std::shared_ptr<Exchange>& exchange) { function(context, exchange); },
                 std::move(operation), kPromptsBody};
  };
  const auto watch = [](FrontContext& front, const std::shared_ptr<Exchange>& exchange) {
    stream_job_events(front, exchange, job_id_of(*exchange));
  };
  Route submission =
      route("POST", "/v1/jobs", read_and_submit, {"createJob", "queue a job", "Job", submit_schema, 202});
  submission.body_limit = kPicturesBody;
  submission.takes_forms = true;
  return {submission,
          route("GET", "/v1/jobs", list,
                {"listJobs", "jobs, the newest first", "JobList", {}, 200, "application/json", list_parameters()}),
          route("DELETE", "/v1/jobs", cancel_labelled,
                {"cancelJobs", "cancel the jobs of a label", "CancelledJobs", {}, 200, "application/json",
                 Json::array({label_parameter(true)})}),
          route("POST", "/v1/jobs/{id}/kept", keep, {"keepJob", "keep a job: retention passes it over", "Job"}),
          route("DELETE", "/v1/jobs/{id}/kept", keep, {"letJobGo", "keep a job no longer than any other", "Job"}),
          route("GET", "/v1/events", stream_all_events,
                {"watchJobs", "the events of all jobs as they come", "JobEvent", {}, 200, "text/event-stream"}),
          route("GET", "/v1/jobs/{id}", find, {"getJob", "a job", "Job"}),
          route("DELETE", "/v1/jobs/{id}", cancel,
                {"cancelJob", "cancel a job", "Job", {}, 200, "application/json", Json::array(), 202}),
          route("GET", "/v1/jobs/{id}/events", watch,
                {"watchJob", "a job's events as they come", "JobEvent", {}, 200, "text/event-stream"})};
}

}  // namespace alice
