#include "server/front/http/doors/alice/job_event_text.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "server/front/http/api_error.h"
#include "server/front/http/base64.h"
#include "server/front/http/job_json.h"

namespace alice {
namespace {

/// An estimate is no better.
double to_tenths(double seconds) { return std::round(seconds * 10) / 10; }

Json step_data(const JobEvent& event) {
  return {{"stage", event.stage},
          {"step", event.done},
          {"steps", event.total},
          {"first_image", event.first_image},
          {"images", event.images},
          {"all_images", event.all_images},
          {"resumed_from", event.resumed_from},
          {"eta_seconds", event.eta_seconds < 0 ? Json(nullptr) : Json(to_tenths(event.eta_seconds))}};
}

}  // namespace

const char* event_name(JobEvent::Kind kind) {
  switch (kind) {
    case JobEvent::Kind::queued: return "queued";
    case JobEvent::Kind::position: return "position";
    case JobEvent::Kind::step: return "step";
    case JobEvent::Kind::preview: return "preview";
    case JobEvent::Kind::held: return "held";
    case JobEvent::Kind::ended: return "done";
    case JobEvent::Kind::handed_back: return "handed_back";
    case JobEvent::Kind::missed: return "missed";
  }
  return "done";  // not reached
}

std::string event_content_id(const JobEvent& event) {
  switch (event.kind) {
    case JobEvent::Kind::position: return fmt::format("position-{}", event.position);
    case JobEvent::Kind::preview: return fmt::format("preview-{}-{}", event.image, event.step);
    case JobEvent::Kind::step: return fmt::format("{}-{}-{}", event.stage, event.first_image, event.done);
    case JobEvent::Kind::held: return fmt::format("held-{}", to_string(event.trouble));
    case JobEvent::Kind::ended: return kLastEventId;
    case JobEvent::Kind::queued:
    case JobEvent::Kind::handed_back:
    case JobEvent::Kind::missed: break;
  }
  return event_name(event.kind);
}

Json event_data(const JobEvent& event, const PictureUrls& urls) {
  switch (event.kind) {
    case JobEvent::Kind::position: return {{"position", event.position}};
    case JobEvent::Kind::preview: return {{"image", event.image}, {"step", event.step}, {"png", to_base64(event.png)}};
    case JobEvent::Kind::held:
      return {{"code", to_string(event.trouble)},
              {"message", to_api_error(event.trouble, "", "", pointer_to_param).message}};
    case JobEvent::Kind::queued:
    case JobEvent::Kind::ended:
    case JobEvent::Kind::handed_back: return {{"job", job_to_json(event.job, urls)}};
    case JobEvent::Kind::missed:
      return {{"message", "more has happened than is known here: GET /v1/jobs tells how things are"}};
    case JobEvent::Kind::step: break;
  }
  return step_data(event);
}

bool ends_stream(const JobEvent& event) {
  return event.kind == JobEvent::Kind::ended || event.kind == JobEvent::Kind::handed_back;
}

}  // namespace alice
