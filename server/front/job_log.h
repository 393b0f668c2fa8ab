#pragma once
// Log lines about a job.

#include <string>
#include <string_view>

namespace alice {

/// "job=<id> request=<id> text": what the log's formatter knows as the ids of a line. An empty id is left out. Prompts
/// do not belong into `text`.
std::string job_line(std::string_view job, std::string_view request, std::string_view text);

}  // namespace alice
