#include "server/front/job_admission.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "server/front/model_choice.h"
#include "server/front/request_judge.h"

namespace alice {

int64_t JobAdmission::retry_after_s() const {
  int64_t longest = 1;
  for (const auto& group : groups_)
    longest = std::max(longest, pace_.retry_after_s(group->queue().size(), static_cast<int64_t>(group->size())));
  return longest;
}

WorkerGroup& JobAdmission::group_of(const std::string& model) const {
  return groups_.serving(model.empty() ? default_model_ : model);
}

std::string JobAdmission::model_meant(const std::string& requested) const {
  return choose_model(requested, default_model_, board_.snapshot()->description);
}

void JobAdmission::admit(GenerateRequest& request) const {
  if (!group_of(request.model).description().empty()) request.model = model_meant(request.model);
  const WorkerGroup& group = group_of(request.model);
  if (request.refiner) request.refiner = choose_refiner(*request.refiner, group.description());
  judge_request(request, group.description());
  group.check_takes_jobs();
  if (group.queue().size() < queue_size_) return;
  throw Error(
      ErrorCode::busy, "",
      fmt::format("the queue is full: {} jobs wait; try again in about {} s", group.queue().size(), retry_after_s()));
}

}  // namespace alice
