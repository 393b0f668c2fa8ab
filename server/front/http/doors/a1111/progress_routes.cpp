// How far a client's own jobs of this door are, and their end before it.

#include <algorithm>
#include <chrono>

#include "core/base/stage.h"
#include "server/front/http/base64.h"
#include "server/front/http/doors/a1111/a1111_door.h"
#include "server/front/http/headers.h"
#include "server/front/http/schema_parts.h"

namespace alice::a1111 {
namespace {

bool is_set(const HttpRequest& request, std::initializer_list<std::string_view> names) {
  for (const auto& [name, value] : request.query)
    if (std::find(names.begin(), names.end(), name) != names.end())
      return !same_ignoring_case(value, "false") && value != "0" && !value.empty();
  return false;
}

Json state_of(const std::string& job, int64_t batches, int64_t batch, int64_t step, int64_t steps, bool is_ending) {
  return {{"skipped", false},       {"interrupted", is_ending}, {"stopping_generation", is_ending},
          {"job", job},             {"job_count", batches},     {"job_no", batch},
          {"job_timestamp", "0"},   {"sampling_step", step},    {"sampling_steps", steps}};
}

/// Clients wait for progress and job_count to be 0 before they go on.
Json idle() {
  return {{"progress", 0.0},
          {"eta_relative", 0.0},
          {"state", state_of("", 0, 0, 0, 0, false)},
          {"current_image", nullptr},
          {"textinfo", nullptr}};
}

Json waiting(const JobView& job) {
  constexpr double kBegun = 0.01;  // as the web UI has it before the first step
  Json answer = idle();
  answer["progress"] = kBegun;
  answer["state"] = state_of(job.id, 1, 0, 0, 0, false);
  if (job.position > 0) answer["textinfo"] = "waits, number " + std::to_string(job.position) + " in the queue";
  return answer;
}

/// The web UI counts batches as jobs: 0.01, and what is done of the batches and of the present one's steps.
Json running(const JobView& job, const JobEvent& at, bool with_picture) {
  constexpr double kBegun = 0.01;
  const int64_t images = std::max<int64_t>(at.images, 1), all = std::max(at.all_images, images);
  const int64_t batches = (all + images - 1) / images;
  const int64_t batch = std::min(at.first_image / images, batches - 1);
  const bool samples = at.stage == to_string(JobStage::denoise), decodes = at.stage == to_string(JobStage::decode);
  const int64_t steps = samples ? at.total : 0, step = samples ? at.done : 0;
  const double of_batch = decodes ? 1 : steps > 0 ? static_cast<double>(step) / static_cast<double>(steps) : 0;
  const double progress = kBegun + (static_cast<double>(batch) + of_batch) / static_cast<double>(batches);
  Json answer = idle();
  answer["progress"] = std::min(progress, 1.0);
  answer["eta_relative"] = std::max(at.eta_seconds, 0.0);
  answer["state"] = state_of(job.id, batches, batch, step, steps, at.stage == kCancelling);
  answer["textinfo"] = at.stage;
  if (with_picture && !job.preview.empty()) answer["current_image"] = to_base64(job.preview);
  return answer;
}

void answer_progress(const SharedDoor& door, Exchange& exchange) {
  const bool with_picture = !is_set(exchange.request(), {"skip_current_image", "skipCurrentImage"});
  const auto job = door->jobs->current(exchange.caller().client);
  exchange.send_json(200, !job ? idle() : !job->step ? waiting(*job) : running(*job, *job->step, with_picture));
}

/// A1111 ends the job at work, and answers at once; without one it does nothing.
void interrupt(const SharedDoor& door, const std::shared_ptr<Exchange>& exchange) {
  const auto job = door->jobs->current(exchange->caller().client);
  if (!job) return exchange->send_json(200, Json::object());
  exchange->job_is(job->id);
  exchange->on_closed([exchange] {});  // it lives until it is answered or the client leaves
  const auto then = [weak = std::weak_ptr<Exchange>(exchange)](const Outcome<Job>&) {  // one that has ended is no fault
    if (const auto alive = weak.lock()) alive->guard([&] { alive->send_json(200, Json::object()); });
  };
  door->context.jobs.cancel(job->id, exchange->caller().viewer(), on_loop<Job>(door->context, then));
}

Json flag(const char* name) {
  return {{"name", name}, {"in", "query"}, {"schema", schema_of("boolean", "true: without current_image")}};
}

}  // namespace

std::vector<Route> progress_routes(const SharedDoor& door) {
  Operation progress = {"a1111Progress", "how far this client's own job is", "A1111Progress"};
  progress.query = Json::array({flag("skip_current_image"), flag("skipCurrentImage")});
  const auto end = [door](const auto& exchange) { interrupt(door, exchange); };
  return {a1111_route("GET", "/sdapi/v1/progress", Access::guarded,
                      [door](const auto& exchange) { answer_progress(door, *exchange); }, progress),
          a1111_route("POST", "/sdapi/v1/interrupt", Access::guarded, end,
                      {"a1111Interrupt", "end this client's own job", "EmptyObject"}),
          a1111_route("POST", "/sdapi/v1/skip", Access::guarded, end,
                      {"a1111Skip", "the same: pictures of one job are not skipped apart", "EmptyObject"})};
}

}  // namespace alice::a1111
