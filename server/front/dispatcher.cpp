#include "server/front/dispatcher.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "server/front/job_log.h"
#include "server/front/model_choice.h"

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kRetryPause{1};
/// How long a failure of the store is held against it when nothing is there to try it with.
constexpr std::chrono::seconds kTroubleFades{10};

JobEvent position_event(int64_t position) {
  JobEvent event;
  event.kind = JobEvent::Kind::position;
  event.position = position;
  return event;
}

JobEvent last_event(JobEvent::Kind kind, const Job& job) {
  JobEvent event;
  event.kind = kind;
  event.job = job;
  return event;
}

void log_job(spdlog::level::level_enum level, const Job& job, const std::string& text) {
  spdlog::log(level, job_line(job.id, job.request.request_id, text));
}

}  // namespace

Dispatcher::Dispatcher(boost::asio::io_context& io, const Settings& settings, JobStore& store, const JobFiles& files,
                       JobWatchers& watchers, StateBoard& board)
    : io_(io),
      settings_(settings),
      store_(store),
      files_(files),
      watchers_(watchers),
      board_(board),
      pool_(io, settings.workers, *this),
      retry_(io),
      deadline_(io) {
  board_.update([&](ServerState& state) { state.queue_size = settings_.queue_size; });
  publish();
}

void Dispatcher::start(std::vector<Job> unfinished) {
  for (Job& job : unfinished) queue_.push_back(std::move(job));
  pool_.start();
  publish();
}

int64_t Dispatcher::retry_after_s() const {
  return pace_.retry_after_s(queue_.size(), static_cast<int64_t>(settings_.workers.workers));
}

// --- what waits

void Dispatcher::enqueue(Job job) {
  queue_.push_back(std::move(job));
  store_works();
  publish();
  boost::asio::post(io_, [this] { dispatch(); });
}

void Dispatcher::dispatch() {
  while (!draining_ && !queue_.empty()) {
    const auto worker = pool_.idle();
    if (!worker.has_value() || !begin_next(*worker)) break;
  }
  publish();
}

/// False when the store fails: the job waits on.
bool Dispatcher::begin_next(size_t worker) {
  std::optional<int64_t> attempt;
  try {
    attempt = store_.begin(queue_.front().id, now_ms());
  } catch (const Error& e) {
    store_failed(e);
    return false;
  }
  store_works();
  Job job = queue_.take(queue_.front().id);
  tell_positions();
  if (!attempt.has_value()) {
    log_job(spdlog::level::err, job, "is not queued in the store: passed over");
    return true;
  }
  job.status = JobStatus::running;
  job.attempts = *attempt;
  if (!job.started_ms.has_value()) job.started_ms = now_ms();
  RunningJob& run = running_[job.id];
  run.job = std::move(job);
  run.begun = Clock::now();
  order(worker, run);
  return true;
}

void Dispatcher::order(size_t worker, RunningJob& run) {
  StartJob job;
  job.run = run.run();
  job.request = run.job.request.generate;
  job.request_id = run.job.request.request_id;
  job.preview_every = run.job.request.preview_every;
  job.pictures_folder = files_.pictures_folder().string();
  job.record_file = files_.record_file(run.job.id).string();
  try {
    // Now that a worker has said what there is: the job may have come before, and models come and go.
    job.request.model = choose_model(job.request.model, settings_.default_model, board_.snapshot()->description);
  } catch (const Error& e) {
    return fail(run, {e.code(), e.place(), e.sentence()}, /*worker_died=*/false);
  }
  run.worker = worker;
  run.job.request.generate.model = job.request.model;
  log_job(spdlog::level::info, run.job, fmt::format("begun, attempt {}, worker {}", run.job.attempts, worker));
  pool_.give(worker, std::move(job));
  watchers_.tell(run.job.id, step_event(run));
}

void Dispatcher::cancel(const std::string& id) {
  const auto position = queue_.position(id);
  const auto found = running_.find(id);
  if (!position.has_value() && found == running_.end()) return;
  if (found != running_.end() && found->second.worker.has_value())
    pool_.cancel(*found->second.worker, found->second.run());
  try {
    store_.cancel(id, now_ms());
  } catch (const Error& e) {
    store_failed(e);
    throw;
  }
  if (position.has_value()) {
    running_[id].job = queue_.take(id);
    tell_positions(*position);
  }
  settle(running_[id], [] {});  // which is written already
  dispatch();
}

std::optional<JobEvent> Dispatcher::present(const std::string& id) const {
  if (const auto found = running_.find(id); found != running_.end()) return step_event(found->second);
  const auto position = queue_.position(id);
  if (!position.has_value()) return std::nullopt;
  if (!draining_) return position_event(*position);
  return last_event(JobEvent::Kind::handed_back, queue_.at(*position));
}

/// Of the jobs from `first` on.
void Dispatcher::tell_positions(int64_t first) {
  if (!watchers_.anybody()) return;
  for (int64_t position = first; position <= queue_.size(); ++position)
    watchers_.tell(queue_.at(position).id, position_event(position));
}

// --- what workers say

void Dispatcher::worker_says(size_t worker, ToFront message) {
  std::visit([&](const auto& one) { on(worker, one); }, message);
}

/// Nothing for a late word: about a job that has ended, or another attempt of it.
RunningJob* Dispatcher::running(const JobRun& run) {
  const auto found = running_.find(run.job);
  const bool is_this_run =
      found != running_.end() && found->second.job.attempts == run.attempt && found->second.worker.has_value();
  return is_this_run ? &found->second : nullptr;
}

void Dispatcher::on(size_t worker, const Described& described) {
  spdlog::info("worker={} is ready, process {}", worker, described.pid);
  board_.update([&](ServerState& state) { state.description = described.description; });
  answer_refreshes(worker, described.description);
  dispatch();
}

void Dispatcher::on(size_t, const JobProgress& progress) {
  RunningJob* run = running(progress.run);
  if (run == nullptr) return;
  const std::string shape = Pace::shape_of(run->job.request.generate);
  if (const auto seconds = run->clock.note(progress, Clock::now())) pace_.note_step(shape, *seconds);
  run->progress = progress;
  run->eta_seconds = pace_.eta_seconds(shape, progress, run->clock);
  publish();
  watchers_.tell(run->job.id, step_event(*run));
}

void Dispatcher::on(size_t, const JobPreview& preview) {
  if (running(preview.run) == nullptr) return;
  JobEvent event;
  event.kind = JobEvent::Kind::preview;
  event.image = preview.image, event.step = preview.step;
  event.png = preview.png;
  watchers_.tell(preview.run.job, event);
}

void Dispatcher::on(size_t, const JobPicture& message) {
  RunningJob* run = running(message.run);
  if (run == nullptr) return;
  const PictureFile& picture = message.picture;
  const bool is_expected = picture.index >= 0 && picture.index < run->job.request.generate.n &&
                           picture.file == JobFiles::picture_name(run->job.id, picture.index);
  if (is_expected)
    run->pictures[picture.index] = picture;
  else
    log_job(spdlog::level::err, run->job, "the worker named a picture that is none of this job's: " + picture.file);
}

void Dispatcher::on(size_t, const JobDone& done) {
  if (RunningJob* run = running(done.run))
    succeed(*run, done);
  else
    tidy(done.run.job);
  dispatch();
}

void Dispatcher::on(size_t, const JobFailed& failed) {
  RunningJob* run = running(failed.run);
  if (run == nullptr)
    tidy(failed.run.job);
  else if (failed.code == ErrorCode::cancelled)  // the worker was told, and the store failed then
    settle(*run, [this, id = run->job.id] { store_.cancel(id, now_ms()); });
  else
    fail(*run, {failed.code, failed.place, failed.sentence}, /*worker_died=*/false);
  dispatch();
}

void Dispatcher::on(size_t worker, const LogLine& line) {
  const auto found = running_.find(line.job);
  const std::string request = found != running_.end() ? found->second.job.request.request_id : "";
  auto level = spdlog::level::from_str(line.level);  // knows "err" and "error", "warn" and "warning"
  spdlog::log(level, job_line(line.job, request, fmt::format("worker={} {}", worker, line.text)));
}

// --- ends

void Dispatcher::worker_ended(size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run) {
  spdlog::warn("worker={} {}", worker, end.sentence);
  board_.update([&](ServerState& state) { ++state.worker_ends[end.reason]; });
  answer_refreshes(worker, Error(ErrorCode::busy, "", "the worker that was asked has ended; try again"));
  if (run.has_value()) {
    if (RunningJob* lost_run = running(*run))
      lost(*lost_run, end);
    else
      tidy(run->job);
  }
  dispatch();
}

void Dispatcher::lost(RunningJob& run, const WorkerEnd& end) {
  const int64_t deaths = run.job.worker_deaths + 1;
  const std::string sentence = death_sentence(run, end) + "; this was attempt " + std::to_string(deaths) + " of " +
                               std::to_string(settings_.job_attempts);
  if (deaths >= settings_.job_attempts)
    return fail(run, {ErrorCode::internal, "worker", sentence}, /*worker_died=*/true);
  log_job(spdlog::level::warn, run.job, sentence + ": it goes on with another worker");
  settle(run, [this, lost = run.run()] { store_.put_back(lost.job, lost.attempt, /*worker_died=*/true); });
}

void Dispatcher::succeed(RunningJob& run, const JobDone& done) {
  try {
    const Job job = succeeded_job(run, done);
    settle(run, [this, job] { store_.succeed(job, job.attempts); });
  } catch (const Error& e) {
    fail(run, {e.code(), e.place(), e.sentence()}, /*worker_died=*/false);
  }
}

void Dispatcher::fail(RunningJob& run, const JobError& error, bool worker_died) {
  settle(run, [this, failed = run.run(), error, worker_died] {
    store_.fail(failed.job, failed.attempt, error, now_ms(), worker_died);
  });
}

/// `ending` writes what became of the run. A change that the store refuses was made before, by another try of it.
void Dispatcher::settle(RunningJob& run, std::function<void()> ending) {
  run.worker.reset();
  run.ending = std::move(ending);
  write_ending(run.job.id);
}

void Dispatcher::write_ending(const std::string& id) {
  const auto found = running_.find(id);
  std::optional<Job> job;
  try {
    found->second.ending();
    job = store_.find(id).value();
  } catch (const Error& e) {
    return store_failed(e);
  }
  store_works();
  const RunningJob run = std::move(found->second);
  running_.erase(found);
  if (job->status == JobStatus::queued) return wait_again(std::move(*job));
  if (job->status == JobStatus::succeeded)
    pace_.note_job(std::chrono::duration<double>(Clock::now() - run.begun).count(),
                   Pace::shape_of(run.job.request.generate), run.clock.seconds_since_step(Clock::now()));
  conclude(*job);
}

void Dispatcher::wait_again(Job job) {
  if (draining_) watchers_.tell(job.id, last_event(JobEvent::Kind::handed_back, job));
  queue_.push_front(std::move(job));
  tell_positions();
}

void Dispatcher::conclude(const Job& job) {
  files_.remove_record(job.id);
  if (job.status != JobStatus::succeeded) files_.remove_pictures(job);
  const double seconds =
      static_cast<double>(job.finished_ms.value_or(0) - job.started_ms.value_or(job.finished_ms.value_or(0))) / 1000;
  board_.update([&](ServerState& state) {
    if (job.status == JobStatus::failed) ++state.failed;
    if (job.status == JobStatus::cancelled) ++state.cancelled;
    if (job.status != JobStatus::succeeded) return;
    ++state.succeeded;
    state.pictures += static_cast<int64_t>(job.pictures.size());
    state.generation_seconds += seconds;
  });
  publish();
  const auto level = job.status == JobStatus::failed ? spdlog::level::warn : spdlog::level::info;
  const std::string why = job.error ? ": " + job.error->place + ": " + job.error->sentence : "";
  log_job(level, job, fmt::format("{} after {:.1f} s{}", to_string(job.status), seconds, why));
  watchers_.tell(job.id, last_event(JobEvent::Kind::ended, job));
}

/// A worker lets go of a job that it should not have any more: what it wrote meanwhile goes.
void Dispatcher::tidy(const std::string& id) {
  try {
    const auto job = store_.find(id);
    if (!job.has_value() || !has_ended(job->status)) return;
    files_.remove_record(id);
    if (job->status != JobStatus::succeeded) files_.remove_pictures(*job);
  } catch (const Error& e) {
    store_failed(e);
  }
}

// --- a store that fails

void Dispatcher::store_failed(const Error& error) {
  if (store_trouble_.empty()) spdlog::error("{}", error.what());
  store_trouble_ = error.what();
  store_failed_at_ = Clock::now();
  retry_soon();
  publish();
}

void Dispatcher::store_works() {
  if (store_trouble_.empty()) return;
  store_trouble_.clear();
  spdlog::info("the job store works again");
  publish();
}

void Dispatcher::retry_soon() {
  if (std::exchange(retries_, true)) return;
  retry_.expires_after(kRetryPause);
  retry_.async_wait([this](const boost::system::error_code& fault) {
    retries_ = false;
    if (!fault) retry();
  });
}

void Dispatcher::retry() {
  std::vector<std::string> unwritten;
  for (const auto& [id, run] : running_)
    if (run.ending) unwritten.push_back(id);
  for (const std::string& id : unwritten) write_ending(id);
  dispatch();
  if (Clock::now() - store_failed_at_ >= kTroubleFades) store_works();
  if (!store_trouble_.empty()) retry_soon();
}

// --- the end

void Dispatcher::drain(std::chrono::milliseconds deadline, std::function<void()> on_done) {
  draining_ = true;
  on_drained_ = std::move(on_done);
  for (const Job& job : queue_.jobs()) watchers_.tell(job.id, last_event(JobEvent::Kind::handed_back, job));
  deadline_.expires_after(deadline);
  deadline_.async_wait([this](const boost::system::error_code& fault) {
    if (!fault) hand_back();
  });
  publish();
}

void Dispatcher::hand_back() {
  pool_.stop();
  std::vector<std::string> ids;
  for (auto& [id, run] : running_) {
    ids.push_back(id);
    if (!run.ending)
      run.ending = [this, back = run.run()] { store_.put_back(back.job, back.attempt, /*worker_died=*/false); };
  }
  for (const std::string& id : ids) write_ending(id);
  // What could not be written is found running by the next start, which puts it back.
  for (const auto& [id, run] : running_) watchers_.tell(id, last_event(JobEvent::Kind::handed_back, run.job));
  running_.clear();
  publish();
}

void Dispatcher::stop() {
  draining_ = true;
  for (const Job& job : queue_.jobs()) watchers_.tell(job.id, last_event(JobEvent::Kind::handed_back, job));
  hand_back();
  retry_.cancel();
  deadline_.cancel();
  while (!refreshes_.empty())
    answer_refreshes(refreshes_.begin()->first, Error(ErrorCode::busy, "", "the server is stopping"));
}

// --- what is told

void Dispatcher::refresh(Then<Json> then) {
  const auto worker = pool_.any();
  if (!worker.has_value()) return then(Error(ErrorCode::busy, "", "no worker is ready; try again in a moment"));
  refreshes_[*worker].push_back(std::move(then));
  pool_.describe(*worker);
}

void Dispatcher::answer_refreshes(size_t worker, const Outcome<Json>& outcome) {
  const auto found = refreshes_.find(worker);
  if (found == refreshes_.end()) return;
  const auto waiting = std::move(found->second);
  refreshes_.erase(found);
  for (const Then<Json>& then : waiting) then(outcome);
}

std::vector<std::string> Dispatcher::not_ready() const {
  std::vector<std::string> reasons;
  if (draining_) reasons.push_back("the server is stopping");
  if (pool_.ready() == 0)
    reasons.push_back(pool_.trouble().empty() ? "no worker has described itself yet" : pool_.trouble());
  if (!store_trouble_.empty()) reasons.push_back(store_trouble_);
  return reasons;
}

/// Also where the end of a drain is seen: every change comes by here.
void Dispatcher::publish() {
  board_.update([&](ServerState& state) {
    state.draining = draining_;
    state.not_ready = not_ready();
    state.queued = queue_.size();
    state.running = static_cast<int64_t>(running_.size());
    state.workers = static_cast<int64_t>(pool_.ready());
    state.retry_after_s = retry_after_s();
    state.step_seconds = pace_.step_seconds();
  });
  if (!draining_ || !running_.empty() || !on_drained_) return;
  deadline_.cancel();
  boost::asio::post(io_, std::exchange(on_drained_, nullptr));  // after all that is being told
}

}  // namespace alice
