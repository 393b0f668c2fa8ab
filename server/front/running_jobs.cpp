#include "server/front/running_jobs.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "server/front/job_events.h"
#include "server/front/job_log.h"

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_of(const Job& job) {
  if (!job.started_ms.has_value() || !job.finished_ms.has_value()) return 0;
  return static_cast<double>(*job.finished_ms - *job.started_ms) / 1000;
}

void count(ServerState& state, const Job& job) {
  if (job.status == JobStatus::failed) ++state.failed;
  if (job.status == JobStatus::cancelled) ++state.cancelled;
  if (job.status != JobStatus::succeeded) return;
  ++state.succeeded;
  state.pictures += static_cast<int64_t>(job.pictures.size());
  state.generation_seconds += seconds_of(job);
}

/// For the log. Of what the client did wrong not the sentence, which may quote the prompt: the client has been told it.
std::string words_of(const JobError& error) {
  const bool is_clients = error.code == ErrorCode::bad_request || error.code == ErrorCode::not_found;
  return is_clients ? fmt::format("{} at {}", to_string(error.code), error.place)
                    : std::string(Error(error.code, error.place, error.sentence).what());
}

void log_end(const Job& job) {
  std::string text = fmt::format("{} after {:.1f} s", to_string(job.status), seconds_of(job));
  if (job.error.has_value()) text += ": " + words_of(*job.error);
  spdlog::log(job.status == JobStatus::failed ? spdlog::level::warn : spdlog::level::info,
              job_line(job.id, job.request.request_id, text));
}

}  // namespace

RunningJobs::RunningJobs(JobStore& store, const JobFiles& files, JobWatchers& watchers, StateBoard& board,
                         StorageWatch& storage, Pace& pace, Callbacks callbacks)
    : store_(store),
      files_(files),
      watchers_(watchers),
      board_(board),
      storage_(storage),
      pace_(pace),
      callbacks_(std::move(callbacks)) {}

RunningJob& RunningJobs::add(Job job) {
  RunningJob& run = runs_[job.id];
  run.job = std::move(job);
  run.begun = Clock::now();
  return run;
}

RunningJob* RunningJobs::find(const std::string& id) {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

const RunningJob* RunningJobs::find(const std::string& id) const {
  const auto found = runs_.find(id);
  return found == runs_.end() ? nullptr : &found->second;
}

RunningJob* RunningJobs::find(const JobRun& run) {
  RunningJob* found = find(run.job);
  return found != nullptr && found->job.attempts == run.attempt && found->worker.has_value() ? found : nullptr;
}

// --- what workers say

void RunningJobs::note(const JobProgress& progress) {
  RunningJob* run = find(progress.run);
  if (run == nullptr) return;
  const std::string shape = Pace::shape_of(run->job.request.generate);
  if (const auto seconds = run->clock.note(progress, Clock::now())) pace_.note_step(shape, *seconds);
  run->progress = progress;
  run->eta_seconds = pace_.eta_seconds(shape, progress, run->clock);
  callbacks_.changed();
  watchers_.tell(run->job, step_event(*run));
}

void RunningJobs::note(const JobEstimate& message) {
  RunningJob* run = find(message.run);
  if (run == nullptr) return;
  try {
    store_.note_estimate(run->job.id, run->job.attempts, message.estimate);
  } catch (const Error& e) {
    storage_.failed(e);
    callbacks_.changed();
  }
}

void RunningJobs::note(const PluginsAtWork& at_work) {
  if (RunningJob* run = find(at_work.run)) run->plugins = at_work.plugins;
}

void RunningJobs::note(const JobPreview& preview) {
  if (const RunningJob* run = find(preview.run)) watchers_.tell(run->job, preview_event(preview));
}

void RunningJobs::note(const JobPicture& message) {
  RunningJob* run = find(message.run);
  if (run == nullptr) return;
  const PictureFile& picture = message.picture;
  const bool is_expected = picture.index >= 0 && picture.index < run->job.request.generate.n &&
                           picture.file == JobFiles::picture_name(run->job, picture.index);
  if (is_expected)
    run->pictures[picture.index] = picture;
  else
    spdlog::error(job_line(run->job.id, run->job.request.request_id,
                           "the worker named a picture that is none of this job's: " + picture.file));
}

// --- what becomes of them

void RunningJobs::succeed(RunningJob& run, const JobDone& done) {
  try {
    const Job job = succeeded_job(run, done);
    settle(run, [this, job] { store_.succeed(job, job.attempts); });
  } catch (const Error& e) {
    fail(run, {e.code(), e.place(), e.sentence()}, /*worker_died=*/false);
  }
}

void RunningJobs::fail(RunningJob& run, const JobError& error, bool worker_died) {
  settle(run, [this, failed = run.run(), error, worker_died] {
    store_.fail(failed.job, failed.attempt, error, now_ms(), worker_died);
  });
}

void RunningJobs::cancel(RunningJob& run, const std::optional<JobError>& why) {
  if (!run.is_cancelled) run.cancelled_for = why;
  run.is_cancelled = true;
  if (!run.worker.has_value()) return settle(run, nullptr);  // its end waits to be written: now it is this one
  store_.cancel(run.job.id, now_ms(), run.cancelled_for);
  run.job.status = JobStatus::cancelling;
  callbacks_.changed();
  watchers_.tell(run.job, step_event(run));
}

void RunningJobs::put_back(RunningJob& run, bool worker_died) {
  settle(run, [this, back = run.run(), worker_died] { store_.put_back(back.job, back.attempt, worker_died); });
}

void RunningJobs::conclude_written(RunningJob& run) {
  settle(run, [] {});
}

/// `ending` writes into the store. A change that the store refuses was made before, by an earlier try.
void RunningJobs::settle(RunningJob& run, std::function<void()> ending) {
  const auto cancelled = [this, id = run.job.id, why = run.cancelled_for] {
    store_.cancel(id, now_ms(), why);
    store_.let_go(id, now_ms());
  };
  run.worker.reset();
  run.ending = run.is_cancelled ? cancelled : std::move(ending);
  write_ending(run.job.id);
}

void RunningJobs::write_ending(const std::string& id) {
  const auto found = runs_.find(id);
  Job job;
  try {
    found->second.ending();
    job = as_written(found->second.job);
  } catch (const Error& e) {
    storage_.failed(e);
    return callbacks_.changed();
  }
  const RunningJob run = std::move(found->second);
  runs_.erase(found);
  if (job.status == JobStatus::queued) return callbacks_.put_back(std::move(job));
  if (job.status == JobStatus::succeeded) storage_.job_was_written();
  if (job.status == JobStatus::succeeded)
    pace_.note_job(std::chrono::duration<double>(Clock::now() - run.begun).count(),
                   Pace::shape_of(run.job.request.generate), run.clock.seconds_since_step(Clock::now()));
  conclude(job);
}

/// The job as the store has it now. One that somebody took out of the database has failed.
Job RunningJobs::as_written(Job job) const {
  if (auto found = store_.find(job.id)) return std::move(*found);
  job.status = JobStatus::failed;
  job.error = JobError{ErrorCode::internal, job.id, "has vanished from the job store"};
  return job;
}

void RunningJobs::conclude(const Job& job) {
  files_.remove_record(job.id);
  if (job.status != JobStatus::succeeded) files_.remove_pictures(job);
  log_end(job);
  board_.update([&](ServerState& state) { count(state, job); });
  callbacks_.changed();
  watchers_.tell(job, ended_event(job));
}

void RunningJobs::hand_back() {
  std::vector<std::string> ids;
  for (const auto& entry : runs_) ids.push_back(entry.first);
  for (const std::string& id : ids) {
    RunningJob& run = runs_.at(id);
    if (run.ending)
      write_ending(id);
    else
      put_back(run, /*worker_died=*/false);
  }
  for (const auto& entry : runs_) watchers_.tell(entry.second.job, handed_back_event(entry.second.job));
  runs_.clear();
}

std::set<std::string> RunningJobs::ids() const {
  std::set<std::string> ids;
  for (const auto& entry : runs_) ids.insert(entry.first);
  return ids;
}

std::vector<std::string> RunningJobs::unwritten() const {
  std::vector<std::string> ids;
  for (const auto& [id, run] : runs_)
    if (run.ending) ids.push_back(id);
  return ids;
}

void RunningJobs::retry() {
  for (const std::string& id : unwritten()) write_ending(id);
}

void RunningJobs::tidy(const std::string& id) {
  try {
    const auto job = store_.find(id);
    if (!job.has_value() || !has_ended(job->status)) return;
    files_.remove_record(id);
    if (job->status != JobStatus::succeeded) files_.remove_pictures(*job);
  } catch (const Error& e) {
    storage_.failed(e);
  }
}

}  // namespace alice
