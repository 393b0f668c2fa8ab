#include "server/front/job_queue.h"

#include <algorithm>
#include <utility>

namespace alice {
namespace {

template <class Jobs>
auto find_job(Jobs& jobs, const std::string& id) {
  return std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.id == id; });
}

}  // namespace

Job JobQueue::take(const std::string& id) {
  const auto found = find_job(jobs_, id);
  Job job = std::move(*found);
  jobs_.erase(found);
  return job;
}

std::optional<int64_t> JobQueue::position(const std::string& id) const {
  const auto found = find_job(jobs_, id);
  if (found == jobs_.end()) return std::nullopt;
  return found - jobs_.begin() + 1;
}

}  // namespace alice
