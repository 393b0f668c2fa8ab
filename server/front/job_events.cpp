#include "server/front/job_events.h"

namespace alice {
namespace {

JobEvent event_of(JobEvent::Kind kind) {
  JobEvent event;
  event.kind = kind;
  return event;
}

}  // namespace

JobEvent position_event(int64_t position) {
  JobEvent event = event_of(JobEvent::Kind::position);
  event.position = position;
  return event;
}

JobEvent step_event(const RunningJob& run) {
  JobEvent event = event_of(JobEvent::Kind::step);
  // What a worker does first, and does not tell when the model is there already.
  event.stage = to_string(JobStage::load);
  event.all_images = run.job.request.generate.n;
  event.eta_seconds = run.eta_seconds;
  if (run.is_cancelled) event.stage = kCancelling;
  if (!run.progress.has_value()) return event;
  const JobProgress& progress = *run.progress;
  if (!run.is_cancelled) event.stage = to_string(progress.stage);
  event.first_image = progress.first_image, event.images = progress.images, event.all_images = progress.all_images;
  event.done = progress.done, event.total = progress.total;
  event.resumed_from = progress.resumed_from;
  return event;
}

JobEvent preview_event(const JobPreview& preview) {
  JobEvent event = event_of(JobEvent::Kind::preview);
  event.image = preview.image, event.step = preview.step;
  event.png = preview.png;
  return event;
}

JobEvent held_event(ErrorCode trouble) {
  JobEvent event = event_of(JobEvent::Kind::held);
  event.trouble = trouble;
  return event;
}

JobEvent queued_event(const Job& job) {
  JobEvent event = event_of(JobEvent::Kind::queued);
  event.job = job;
  return event;
}

JobEvent missed_event() { return event_of(JobEvent::Kind::missed); }

JobEvent ended_event(const Job& job) {
  JobEvent event = event_of(JobEvent::Kind::ended);
  event.job = job;
  return event;
}

JobEvent handed_back_event(const Job& job) {
  JobEvent event = event_of(JobEvent::Kind::handed_back);
  event.job = job;
  return event;
}

}  // namespace alice
