#pragma once
// What a stream says of an event.

#include <string>

#include "core/base/json.h"
#include "server/front/http/picture_urls.h"
#include "server/front/job_service.h"

namespace alice {

/// The id of a job's last event.
inline constexpr const char* kLastEventId = "done";

/// "step"
const char* event_name(JobEvent::Kind kind);
/// Tells the event's content apart, not its number: whoever comes back to a job is not told again what it knows, from
/// whatever process and connection it had it.
std::string event_content_id(const JobEvent& event);
/// The event's data, without the job's id.
Json event_data(const JobEvent& event, const PictureUrls& urls);
/// The last one of a stream that follows one job.
bool ends_stream(const JobEvent& event);

}  // namespace alice
