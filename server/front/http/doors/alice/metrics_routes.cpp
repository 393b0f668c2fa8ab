// GET /metrics: JSON in the original ALICE's shape, or Prometheus' text for those who ask for text.

#include "server/front/http/doors/alice/metrics_text.h"
#include "server/front/http/doors/alice/process_stats.h"
#include "server/front/http/model_list.h"
#include "server/front/http/routes.h"

namespace alice {
namespace {

double uptime(const FrontContext& context) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - context.facts.started).count();
}

/// Prometheus and its kin name text/plain or application/openmetrics-text; a browser and curl do not.
bool wants_text(const HttpRequest& request) {
  const std::string* accept = request.header("Accept");
  if (accept == nullptr) return false;
  for (const std::string_view one : split_list(*accept)) {
    const std::string_view type = trimmed(one.substr(0, one.find(';')));
    if (same_ignoring_case(type, "text/plain") || same_ignoring_case(type, "application/openmetrics-text")) return true;
    if (same_ignoring_case(type, "application/json")) return false;
  }
  return false;
}

/// Under both spellings.
void put(Json& json, const char* snake, const char* camel, const Json& value) {
  json[snake] = value;
  json[camel] = value;
}

Json as_json(const FrontContext& context) {
  const auto state = context.jobs.state();
  const double average = state->succeeded > 0 ? state->generation_seconds / static_cast<double>(state->succeeded) : 0;
  Json json;
  put(json, "queue_depth", "queueDepth", state->queued);
  put(json, "active_generations", "activeGenerations", state->running);
  // The original's clients expect these four; of GPUs a worker says nothing.
  put(json, "gpu_utilization", "gpuUtilization", 0.0);
  put(json, "gpu_memory_used", "gpuMemoryUsed", "0.0 GB");
  put(json, "gpu_memory_total", "gpuMemoryTotal", "0.0 GB");
  put(json, "models_loaded", "modelsLoaded", count_models(state->description));
  put(json, "total_generations", "totalGenerations", state->succeeded);
  put(json, "avg_generation_time", "avgGenerationTime", average);
  return json;
}

void write_jobs(const ServerState& state, MetricsText& out) {
  out.one("alice_queue_depth", "gauge", "Jobs that wait.", static_cast<double>(state.queued));
  out.one("alice_queue_limit", "gauge", "The most jobs that may wait.", static_cast<double>(state.queue_size));
  out.one("alice_jobs_running", "gauge", "Jobs that workers have, cancelled ones too.", static_cast<double>(state.running));
  out.family("alice_jobs_total", "counter", "Jobs that ended since the start.");
  out.sample(static_cast<double>(state.succeeded), {{"status", to_string(JobStatus::succeeded)}});
  out.sample(static_cast<double>(state.failed), {{"status", to_string(JobStatus::failed)}});
  out.sample(static_cast<double>(state.cancelled), {{"status", to_string(JobStatus::cancelled)}});
  out.one("alice_pictures_total", "counter", "Pictures made since the start.", static_cast<double>(state.pictures));
  out.one("alice_generation_seconds_total", "counter", "Time that succeeded jobs took, from begin to end.",
          state.generation_seconds);
  out.one("alice_step_seconds", "gauge", "Time of the last step that was computed.", state.step_seconds);
  out.one("alice_workers", "gauge", "Workers that are ready.", static_cast<double>(state.workers));
  out.family("alice_worker_restarts_total", "counter", "Workers that ended, by reason.");
  for (const auto& [reason, count] : state.worker_ends) out.sample(static_cast<double>(count), {{"reason", reason}});
}

void write_groups(const ServerState& state, MetricsText& out) {
  const auto family = [&](const char* name, const char* type, const char* help, auto&& value) {
    out.family(name, type, help);
    for (const GroupState& group : state.groups) out.sample(static_cast<double>(value(group)), {{"group", group.name}});
  };
  family("alice_group_workers", "gauge", "Workers of a group that are ready.",
         [](const GroupState& group) { return group.ready; });
  family("alice_group_busy", "gauge", "Workers of a group that have a job, a cancelled one too.",
         [](const GroupState& group) { return group.busy; });
  family("alice_group_preloading", "gauge", "Workers of a group that load a model which no job has asked for yet.",
         [](const GroupState& group) { return group.preloading; });
  family("alice_group_queue_depth", "gauge", "Jobs that wait for a group's workers.",
         [](const GroupState& group) { return group.queued; });
  family("alice_group_worker_deaths_total", "counter", "Workers of a group that died.",
         [](const GroupState& group) { return group.deaths; });
  family("alice_group_resting", "gauge", "1 while a group takes no jobs, for its workers died again and again.",
         [](const GroupState& group) { return std::string_view(word_of(group)) == "resting" ? 1 : 0; });
}

void write_http(const FrontContext& context, MetricsText& out) {
  out.one("alice_http_connections", "gauge", "Connections that are open.",
          static_cast<double>(context.open_connections()));
  out.family("alice_http_requests_total", "counter", "Requests answered, by route and status.");
  for (const auto& [key, count] : context.counters.counts())
    out.sample(static_cast<double>(count), {{"route", key.first}, {"code", std::to_string(key.second)}});
}

void write_process(MetricsText& out) {
  const ProcessStats stats = read_process_stats();
  out.one("process_resident_memory_bytes", "gauge", "Resident memory of the front process.",
          static_cast<double>(stats.resident_bytes));
  out.one("process_open_fds", "gauge", "Open files of the front process.", static_cast<double>(stats.open_files));
  out.one("process_max_fds", "gauge", "The most files it may open.", static_cast<double>(stats.most_files));
  out.one("process_cpu_seconds_total", "counter", "Processor time of the front process.", stats.cpu_seconds);
}

std::string as_text(const FrontContext& context) {
  const auto state = context.jobs.state();
  MetricsText out;
  out.family("alice_build_info", "gauge", "The program's version.");
  out.sample(1, {{"version", ALICE_VERSION}});
  out.one("alice_uptime_seconds", "gauge", "Time since the start.", uptime(context));
  out.one("alice_ready", "gauge", "1 when jobs are taken and a worker is ready.", state->not_ready.empty() ? 1 : 0);
  write_jobs(*state, out);
  write_groups(*state, out);
  write_http(context, out);
  write_process(out);
  return out.text();
}

}  // namespace

std::vector<Route> metrics_routes(FrontContext& context) {
  const auto answer = [&context](const auto& exchange) {
    if (!wants_text(exchange->request())) return exchange->send_json(200, as_json(context), {{"Vary", "Accept"}});
    exchange->send(200,
                   {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                    {"Cache-Control", "no-store"},
                    {"Vary", "Accept"}},
                   as_text(context));
  };
  return {{"GET",
           "/metrics",
           Access::open,
           answer,
           {"getMetrics", "counters, as JSON, or as text for Prometheus", "Metrics"},
           kNoBody,
           /*is_probe=*/true}};
}

}  // namespace alice
