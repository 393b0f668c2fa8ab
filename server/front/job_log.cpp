#include "server/front/job_log.h"

namespace alice {

std::string job_line(std::string_view job, std::string_view request, std::string_view text) {
  std::string line;
  if (!job.empty()) line.append("job=").append(job).append(" ");
  if (!request.empty()) line.append("request=").append(request).append(" ");
  return line.append(text);
}

}  // namespace alice
