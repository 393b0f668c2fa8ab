#include "server/front/dispatcher.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "server/front/job_events.h"
#include "server/front/job_log.h"
#include "server/front/model_choice.h"

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

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
      health_(io, [this] { retry(); }),
      running_(store, files, watchers, board, health_, pace_,
               {[this](Job job) { wait_again(std::move(job)); }, [this] { publish(); }}),
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
  health_.works();
  publish();
  boost::asio::post(io_, [this] { dispatch(); });
}

/// Of a run that is over, but not the job.
void Dispatcher::wait_again(Job job) {
  if (draining_) watchers_.tell(job.id, handed_back_event(job));
  queue_.push_front(std::move(job));
  publish();
  tell_positions();
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
    health_.failed(e);
    return false;
  }
  health_.works();
  Job job = queue_.take(queue_.front().id);
  tell_positions();
  if (!attempt.has_value()) {
    log_job(spdlog::level::err, job, "is not queued in the store any more: passed over");
    return true;
  }
  job.status = JobStatus::running;
  job.attempts = *attempt;
  order(worker, running_.add(std::move(job)));
  return true;
}

void Dispatcher::order(size_t worker, RunningJob& run) {
  GenerateRequest& request = run.job.request.generate;
  try {
    // Again: the job may have come before any worker had said what there is, and models come and go.
    request.model = choose_model(request.model, settings_.default_model, board_.snapshot()->description);
  } catch (const Error& e) {
    return running_.fail(run, {e.code(), e.place(), e.sentence()}, /*worker_died=*/false);
  }
  StartJob order;
  order.run = run.run();
  order.request = request;
  order.preview_every = run.job.request.preview_every;
  order.pictures_folder = files_.pictures_folder().string();
  order.record_file = files_.record_file(run.job.id).string();
  run.worker = worker;
  log_job(spdlog::level::info, run.job, fmt::format("begun by worker {}, attempt {}", worker, run.job.attempts));
  pool_.give(worker, std::move(order));
  publish();
  watchers_.tell(run.job.id, step_event(run));
}

void Dispatcher::cancel(const std::string& id) {
  const auto position = queue_.position(id);
  RunningJob* run = running_.find(id);
  if (!position.has_value() && run == nullptr) return;
  if (run != nullptr && run->worker.has_value()) pool_.cancel(*run->worker, run->run());
  try {
    store_.cancel(id, now_ms());
  } catch (const Error& e) {
    store_failed(e);
    throw;
  }
  if (position.has_value()) {
    run = &running_.add(queue_.take(id));
    tell_positions(*position);
  }
  running_.conclude_written(*run);
  dispatch();
}

std::optional<JobEvent> Dispatcher::present(const std::string& id) {
  if (const RunningJob* run = running_.find(id)) return step_event(*run);
  const auto position = queue_.position(id);
  if (!position.has_value()) return std::nullopt;
  return draining_ ? handed_back_event(queue_.at(*position)) : position_event(*position);
}

/// Of the jobs from position `first` on.
void Dispatcher::tell_positions(int64_t first) {
  if (!watchers_.anybody()) return;
  for (int64_t position = first; position <= queue_.size(); ++position)
    watchers_.tell(queue_.at(position).id, position_event(position));
}

// --- what workers say

void Dispatcher::worker_says(size_t worker, ToFront message) {
  std::visit([&](const auto& one) { on(worker, one); }, message);
}

void Dispatcher::on(size_t worker, const Described& described) {
  spdlog::info("worker={} is ready, process {}", worker, described.pid);
  board_.update([&](ServerState& state) { state.description = described.description; });
  publish();
  answer_refreshes(worker, described.description);
  dispatch();
}

void Dispatcher::on(size_t, const JobProgress& progress) {
  RunningJob* run = running_.find(progress.run);
  if (run == nullptr) return;
  const std::string shape = Pace::shape_of(run->job.request.generate);
  if (const auto seconds = run->clock.note(progress, Clock::now())) pace_.note_step(shape, *seconds);
  run->progress = progress;
  run->eta_seconds = pace_.eta_seconds(shape, progress, run->clock);
  publish();
  watchers_.tell(run->job.id, step_event(*run));
}

void Dispatcher::on(size_t, const JobPreview& preview) {
  if (running_.find(preview.run) != nullptr) watchers_.tell(preview.run.job, preview_event(preview));
}

void Dispatcher::on(size_t, const JobPicture& message) {
  RunningJob* run = running_.find(message.run);
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
  if (RunningJob* run = running_.find(done.run))
    running_.succeed(*run, done);
  else
    running_.tidy(done.run.job);
  dispatch();
}

void Dispatcher::on(size_t, const JobFailed& failed) {
  RunningJob* run = running_.find(failed.run);
  if (run == nullptr)
    running_.tidy(failed.run.job);
  else if (failed.code == ErrorCode::cancelled)  // the worker was told so, and the store failed then
    running_.cancel(*run);
  else
    running_.fail(*run, {failed.code, failed.place, failed.sentence}, /*worker_died=*/false);
  dispatch();
}

void Dispatcher::on(size_t worker, const LogLine& line) {
  const RunningJob* run = running_.find(line.job);
  const std::string request = run != nullptr ? run->job.request.request_id : "";
  spdlog::log(spdlog::level::from_str(line.level),
              job_line(line.job, request, fmt::format("worker={} {}", worker, line.text)));
}

void Dispatcher::worker_ended(size_t worker, const WorkerEnd& end, const std::optional<JobRun>& run) {
  spdlog::warn("worker={} {}", worker, end.sentence);
  board_.update([&](ServerState& state) { ++state.worker_ends[end.reason]; });
  answer_refreshes(worker, Error(ErrorCode::busy, "", "the worker that was asked has ended; try again"));
  if (run.has_value()) {
    if (RunningJob* lost_run = running_.find(*run))
      lost(*lost_run, end);
    else
      running_.tidy(run->job);
  }
  dispatch();
}

void Dispatcher::lost(RunningJob& run, const WorkerEnd& end) {
  const int64_t deaths = run.job.worker_deaths + 1;
  const std::string sentence =
      fmt::format("{}; this was attempt {} of {}", death_sentence(run, end), deaths, settings_.job_attempts);
  if (deaths >= settings_.job_attempts)
    return running_.fail(run, {ErrorCode::internal, "worker", sentence}, /*worker_died=*/true);
  log_job(spdlog::level::warn, run.job, sentence + ": the job goes on with another worker");
  running_.put_back(run, /*worker_died=*/true);
}

// --- a store that fails

void Dispatcher::store_failed(const Error& error) {
  health_.failed(error);
  publish();
}

void Dispatcher::retry() {
  running_.retry();
  dispatch();
}

// --- the end

void Dispatcher::begin_drain() {
  draining_ = true;
  for (const Job& job : queue_.jobs()) watchers_.tell(job.id, handed_back_event(job));
}

void Dispatcher::drain(std::chrono::milliseconds deadline, std::function<void()> on_done) {
  begin_drain();
  on_drained_ = std::move(on_done);
  deadline_.expires_after(deadline);
  deadline_.async_wait([this](const boost::system::error_code& fault) {
    if (!fault) hand_back();
  });
  publish();
}

void Dispatcher::hand_back() {
  pool_.stop();
  running_.hand_back();
  publish();
}

void Dispatcher::stop() {
  begin_drain();
  hand_back();
  health_.stop();
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
  if (pool_.ready() == 0) reasons.push_back(pool_.trouble().empty() ? "no worker is ready yet" : pool_.trouble());
  if (!health_.trouble().empty()) reasons.push_back(health_.trouble());
  return reasons;
}

/// Also where the end of a drain is seen: every change comes by here.
void Dispatcher::publish() {
  board_.update([&](ServerState& state) {
    state.draining = draining_;
    state.not_ready = not_ready();
    state.queued = queue_.size();
    state.running = running_.size();
    state.workers = static_cast<int64_t>(pool_.ready());
    state.retry_after_s = retry_after_s();
    state.step_seconds = pace_.step_seconds();
  });
  if (!draining_ || !running_.empty() || !on_drained_) return;
  deadline_.cancel();
  boost::asio::post(io_, std::exchange(on_drained_, nullptr));  // after all that is being told
}

}  // namespace alice
