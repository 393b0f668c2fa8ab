#include "server/front/canceller.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace alice {
namespace {

/// Clocks are set: the time until a deadline is asked for again and again.
constexpr int64_t kLongestWaitMs = 10'000;

JobError too_late() {
  return {ErrorCode::cancelled, kDeadlinePlace, "its deadline passed before it was done"};
}

}  // namespace

Canceller::Canceller(boost::asio::io_context& io, const WorkerGroups& groups, const JobAdmission& admission,
                     RunningJobs& running, StorageWatch& storage, Callbacks callbacks)
    : groups_(groups),
      admission_(admission),
      running_(running),
      storage_(storage),
      callbacks_(std::move(callbacks)),
      timer_(io) {}

const Job* Canceller::job_called(const std::string& id) const {
  if (const RunningJob* run = running_.find(id)) return &run->job;
  const WorkerGroup* group = groups_.with_waiting(id);
  return group == nullptr ? nullptr : &group->queue().job(id);
}

void Canceller::cancel(const std::string& id, const Viewer& viewer) {
  const Job* job = job_called(id);
  if (job != nullptr && viewer.sees(job->request.owner)) cancel(id, std::nullopt);
}

int64_t Canceller::cancel_labelled(const std::string& label, const Viewer& viewer) {
  std::vector<std::string> ids;
  const auto note = [&](const Job& job) {
    if (job.request.terms.label == label && viewer.sees(job.request.owner)) ids.push_back(job.id);
  };
  for (const auto& group : groups_)
    for (const Job& job : group->queue().jobs()) note(job);
  running_.for_each([&](const RunningJob& run) {
    if (!run.is_cancelled) note(run.job);
  });
  for (const std::string& id : ids) cancel(id, std::nullopt);
  return static_cast<int64_t>(ids.size());
}

void Canceller::cancel(const std::string& id, const std::optional<JobError>& why) {
  WorkerGroup* const group = groups_.with_waiting(id);
  RunningJob* const run = running_.find(id);
  if (group == nullptr && run == nullptr) return;
  try {
    if (group != nullptr)
      cancel_waiting(*group, id, why);
    else
      cancel_running(*run, why);
  } catch (const Error& e) {
    storage_.failed(e);
    throw;
  }
  callbacks_.cancelled();
}

/// When the store fails the job waits no more all the same: running_ writes its end as soon as it can be written.
void Canceller::cancel_waiting(WorkerGroup& group, const std::string& id, const std::optional<JobError>& why) {
  const int64_t position = *group.queue().position(id);
  RunningJob& run = running_.add(group.queue().take(id));
  callbacks_.moved_up(group, position);
  running_.cancel(run, why);
  if (storage_.trouble().has_value() && running_.find(id) != nullptr) throw Error(*storage_.trouble());
}

void Canceller::cancel_running(RunningJob& run, const std::optional<JobError>& why) {
  if (run.worker.has_value())
    admission_.group_of(run.job.request.generate.model)
        .pool()
        .cancel(*run.worker, run.run(), run.clock.seconds_to_step(std::chrono::steady_clock::now()));
  running_.cancel(run, why);
}

// --- deadlines

void Canceller::heed_deadline(const Job& job) {
  if (!job.request.terms.deadline_ms.has_value()) return;
  deadlines_.emplace(*job.request.terms.deadline_ms, job.id);
  wait();
}

void Canceller::wait() {
  if (deadlines_.empty() || is_stopped_) return;
  const int64_t left = deadlines_.begin()->first - now_ms();
  timer_.expires_after(std::chrono::milliseconds(std::clamp<int64_t>(left, 0, kLongestWaitMs)));
  timer_.async_wait([this](const boost::system::error_code& fault) {
    if (!fault && !is_stopped_) cancel_overdue();
  });
}

void Canceller::cancel_overdue() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ms()) {
    const std::string id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    try {
      cancel(id, too_late());
    } catch (const Error&) {  // storage_ knows it, and the job's end is written when it can be
    }
  }
  wait();
}

}  // namespace alice
