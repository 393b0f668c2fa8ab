#include "server/front/dispatcher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "server/front/job_events.h"
#include "server/front/job_log.h"

namespace alice {
namespace {

void log_job(spdlog::level::level_enum level, const Job& job, const std::string& text) {
  spdlog::log(level, job_line(job.id, job.request.request_id, text));
}

}  // namespace

Dispatcher::Dispatcher(boost::asio::io_context& io, const Settings& settings, const StorageWatch::Parts& storage,
                       JobWatchers& watchers, StateBoard& board)
    : io_(io),
      settings_(settings),
      store_(storage.store),
      files_(storage.files),
      watchers_(watchers),
      board_(board),
      groups_(io, settings.groups, *this),
      refreshes_([this] { return ask_for_descriptions(); }, [this] { return groups_.description(); }),
      reloader_(io, groups_),
      storage_(io, storage, {[this] { publish(); }, [this] { tell_held(); }, [this] { retry(); }}),
      sweeper_(io, settings.retention, store_, files_,
               {[this] { return storage_.works(); }, [this](const Error& e) { storage_.failed(e); },
                [this] { return running_.ids(); }}),
      admission_(groups_, board, pace_, settings.default_model, settings.queue_size),
      running_(store_, files_, watchers, board, storage_, pace_,
               {[this](Job job) { wait_again(std::move(job)); }, [this] { publish(); }}),
      canceller_(io, groups_, admission_, running_, storage_,
                 {[this](const WorkerGroup& group, int64_t first) { tell_positions(group, first); },
                  [this] { dispatch(); }}),
      deadline_(io) {
  board_.update([&](ServerState& state) {
    state.queue_size = settings_.queue_size;
    state.default_model = settings_.default_model;
  });
  publish();
}

void Dispatcher::start(std::vector<Job> unfinished) {
  for (Job& job : unfinished) {
    canceller_.heed_deadline(job);
    admission_.group_of(job.request.generate.model).queue().add(std::move(job));
  }
  for (const auto& group : groups_) group->start();
  if (settings_.watch_plugins.count() > 0) reloader_.watch(settings_.watch_plugins);
  storage_.start();
  sweeper_.start();
  publish();
}

void Dispatcher::admit(GenerateRequest& request) {
  if (draining_) throw Error(ErrorCode::busy, "", "the server is stopping; try again when it is back");
  storage_.check();
  admission_.admit(request);
}

// --- what waits

JobQueue::Place Dispatcher::place(const Job& job) const {
  return admission_.group_of(job.request.generate.model).queue().place(job);
}

int64_t Dispatcher::waiting_of(const std::string& owner) const {
  int64_t count = 0;
  for (const auto& group : groups_) count += group->queue().count_of(owner);
  return count;
}

void Dispatcher::enqueue(Job job, const std::vector<JobTurn>& moved) {
  WorkerGroup& group = admission_.group_of(job.request.generate.model);
  canceller_.heed_deadline(job);
  group.queue().move(moved);
  const std::string id = job.id;
  const int64_t position = group.queue().add(std::move(job));
  publish();
  watchers_.tell(group.queue().job(id), queued_event(group.queue().job(id)));
  tell_positions(group, position);
  boost::asio::post(io_, [this] { dispatch(); });
}

/// Of a run that is over, but not the job.
void Dispatcher::wait_again(Job job) {
  if (draining_) watchers_.tell(job, handed_back_event(job));
  if (storage_.lasts()) watchers_.tell(job, held_event(storage_.trouble()->code()));
  WorkerGroup& group = admission_.group_of(job.request.generate.model);
  group.queue().put_back(std::move(job));
  publish();
  tell_positions(group);
}

void Dispatcher::dispatch() {
  for (const auto& group : groups_) {
    while (!draining_) {
      const auto worker = group->worker_for_next();
      if (!worker.has_value() || !(move_first(*group) || begin_next(*group, *worker))) break;
    }
    if (!draining_) group->call_for_workers();
  }
  publish();
}

/// A job that named no model before any was known may turn out to be another group's. True when it was.
bool Dispatcher::move_first(WorkerGroup& group) {
  const Job& first = group.queue().front();
  if (!first.request.generate.model.empty()) return false;
  try {
    WorkerGroup& right = groups_.serving(admission_.model_meant(""));
    if (&right == &group) return false;
    Job job = group.queue().take(first.id);
    job.turn = right.queue().place(job).turn;
    right.queue().add(std::move(job));
  } catch (const Error&) {
    return false;  // order() tells it
  }
  tell_positions(group);
  boost::asio::post(io_, [this] { dispatch(); });
  return true;
}

/// False when the storage fails: the job waits on.
bool Dispatcher::begin_next(WorkerGroup& group, size_t worker) {
  JobQueue& queue = group.queue();
  if (!storage_.works()) return false;
  std::optional<int64_t> attempt;
  try {
    attempt = store_.begin(queue.front().id, now_ms());
  } catch (const Error& e) {
    storage_.failed(e);
    return false;
  }
  Job job = queue.take_first();
  tell_positions(group);
  if (!attempt.has_value()) {
    log_job(spdlog::level::err, job, "is not queued in the store any more: passed over");
    return true;
  }
  job.status = JobStatus::running;
  job.attempts = *attempt;
  order(group, worker, running_.add(std::move(job)));
  return true;
}

void Dispatcher::order(WorkerGroup& group, size_t worker, RunningJob& run) {
  GenerateRequest& request = run.job.request.generate;
  try {
    // Again: the job may have come before any worker had said what there is, and models come and go.
    request.model = admission_.model_meant(request.model);
  } catch (const Error& e) {
    return running_.fail(run, {e.code(), e.place(), e.sentence()}, /*worker_died=*/false);
  }
  StartJob order;
  order.run = run.run();
  order.request = request;
  order.preview_every = run.job.request.preview_every;
  order.pictures_folder = files_.pictures_folder().string();
  order.inputs_folder = files_.inputs_folder().string();
  order.record_file = files_.record_file(run.job.id).string();
  order.max_record = settings_.max_record;
  order.reserve = files_.most_reserve();
  order.most_bytes = group.memory_limit();
  order.most_seconds = group.most_seconds();
  run.worker = worker;
  log_job(spdlog::level::info, run.job,
          fmt::format("begun by worker {}, attempt {}", group.log_name(worker), run.job.attempts));
  group.pool().give(worker, std::move(order));
  publish();
  watchers_.tell(run.job, step_event(run));
}

std::optional<JobEvent> Dispatcher::present(const std::string& id, const Viewer& viewer) {
  if (const RunningJob* run = running_.find(id))
    return viewer.sees(run->job.request.owner) ? std::optional(step_event(*run)) : std::nullopt;
  const WorkerGroup* group = groups_.with_waiting(id);
  if (group == nullptr || !viewer.sees(group->queue().job(id).request.owner)) return std::nullopt;
  return draining_ ? handed_back_event(group->queue().job(id)) : position_event(*group->queue().position(id));
}

std::vector<std::pair<Job, JobEvent>> Dispatcher::present_of_all(const Viewer& viewer) {
  std::vector<std::pair<Job, JobEvent>> all;
  const auto add = [&](const Job& job) {
    if (auto event = present(job.id, viewer)) all.emplace_back(job, std::move(*event));
  };
  running_.for_each([&](const RunningJob& run) { add(run.job); });
  for (const auto& group : groups_)
    for (const Job& job : group->queue().jobs()) add(job);
  return all;
}

/// Of the group's jobs from position `first` on.
void Dispatcher::tell_positions(const WorkerGroup& group, int64_t first) {
  if (!watchers_.anybody()) return;
  for (int64_t position = first; position <= group.queue().size(); ++position)
    watchers_.tell(group.queue().at(position), position_event(position));
}

// --- what workers say

void Dispatcher::worker_says(WorkerGroup& group, size_t worker, ToFront message) {
  std::visit([&](const auto& one) { on(group, worker, one); }, message);
}

void Dispatcher::on(WorkerGroup& group, size_t worker, const Described& described) {
  spdlog::info("worker={} is ready, process {}", group.log_name(worker), described.pid);
  board_.update([description = groups_.description()](ServerState& state) {
    state.description = description;
    ++state.description_version;
  });
  publish();
  refreshes_.answered({&group, worker});
  dispatch();
}

void Dispatcher::on(WorkerGroup&, size_t, const JobDone& done) {
  if (RunningJob* run = running_.find(done.run))
    running_.succeed(*run, done);
  else
    running_.tidy(done.run.job);
  dispatch();
}

void Dispatcher::on(WorkerGroup&, size_t, const JobFailed& failed) {
  RunningJob* run = running_.find(failed.run);
  if (run == nullptr)
    running_.tidy(failed.run.job);
  else if (failed.code == ErrorCode::storage_full || failed.code == ErrorCode::storage_failed)
    hold(*run, failed);
  else
    running_.fail(*run, {failed.code, failed.place, failed.sentence}, /*worker_died=*/false);
  dispatch();
}

/// Its pictures could not be written, which is no fault of the job: it goes on from its record when they can.
void Dispatcher::hold(RunningJob& run, const JobFailed& failed) {
  storage_.failed(Error(failed.code, failed.place, failed.sentence));
  running_.put_back(run, /*worker_died=*/false);
}

void Dispatcher::on(WorkerGroup&, size_t, const Preloading&) { publish(); }

void Dispatcher::on(WorkerGroup&, size_t, const PreloadEnded&) { dispatch(); }

void Dispatcher::on(WorkerGroup& group, size_t worker, const LogLine& line) {
  const RunningJob* run = running_.find(line.job);
  const std::string request = run != nullptr ? run->job.request.request_id : "";
  spdlog::log(spdlog::level::from_str(line.level),
              job_line(line.job, request, fmt::format("worker={} {}", group.log_name(worker), line.text)));
}

void Dispatcher::worker_ended(WorkerGroup& group, size_t worker, const WorkerEnd& end,
                              const std::optional<JobRun>& run) {
  board_.update([&](ServerState& state) { ++state.worker_ends[end.reason]; });
  refreshes_.died({&group, worker});
  if (run.has_value()) {
    if (RunningJob* lost_run = running_.find(*run))
      lost(group, *lost_run, end);
    else
      running_.tidy(run->job);
  }
  dispatch();
}

void Dispatcher::group_is_back(WorkerGroup&) { dispatch(); }

void Dispatcher::lost(WorkerGroup& group, RunningJob& run, const WorkerEnd& end) {
  if (run.is_decoding()) files_.sweep_pictures();  // it may have been writing
  if (run.is_cancelled) return running_.put_back(run, /*worker_died=*/false);  // which becomes cancelled
  if (end.reason == kLookTimeout) return running_.put_back(run, /*worker_died=*/false);  // which was not its fault
  const int64_t deaths = run.job.worker_deaths + 1;
  const std::string death = death_sentence(run, end);
  const std::string sentence = fmt::format("{}; this was attempt {} of {}", death, deaths, group.job_attempts());
  group.explain_death(death);
  if (end.reason == kMemoryLimitEnd)  // the next worker would meet the same
    return running_.fail(run, {ErrorCode::out_of_memory, kWorkerPlace, death}, /*worker_died=*/true);
  if (deaths >= group.job_attempts())
    return running_.fail(run, {ErrorCode::internal, kWorkerPlace, sentence}, /*worker_died=*/true);
  log_job(spdlog::level::warn, run.job, sentence + ": the job goes on with another worker");
  running_.put_back(run, /*worker_died=*/true);
}

// --- storage that fails

void Dispatcher::store_failed(const Error& error) { storage_.failed(error); }

/// Those who wait for a job that cannot go on.
void Dispatcher::tell_held() {
  const JobEvent event = held_event(storage_.trouble()->code());
  for (const auto& group : groups_)
    for (const Job& job : group->queue().jobs()) watchers_.tell(job, event);
  running_.for_each([&](const RunningJob& run) {
    if (run.ending) watchers_.tell(run.job, event);
  });
}

void Dispatcher::retry() {
  running_.retry();
  dispatch();
}

// --- the end

void Dispatcher::begin_drain() {
  draining_ = true;
  for (const auto& group : groups_)
    for (const Job& job : group->queue().jobs()) watchers_.tell(job, handed_back_event(job));
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
  for (const auto& group : groups_) group->stop();
  running_.hand_back();
  publish();
}

void Dispatcher::stop() {
  begin_drain();
  hand_back();
  storage_.stop();
  sweeper_.stop();
  canceller_.stop();
  deadline_.cancel();
  reloader_.stop();
  refreshes_.give_up(Error(ErrorCode::busy, "", "the server is stopping"));
}

// --- what is told

void Dispatcher::refresh(Then<Json> then) {
  refreshes_.add(std::move(then));
}

/// A worker of each group is to describe itself.
std::set<RefreshCalls::Asked> Dispatcher::ask_for_descriptions() {
  std::set<RefreshCalls::Asked> asked;
  for (const auto& group : groups_) {
    const auto worker = group->pool().any();
    if (!worker.has_value()) continue;
    group->pool().describe(*worker);
    asked.emplace(group.get(), *worker);
  }
  return asked;
}

void Dispatcher::reload_plugins(Then<std::vector<GroupReload>> then) {
  if (draining_) return then(Error(ErrorCode::busy, "", "the server is stopping"));
  reloader_.reload(std::move(then));
}

/// The default group's troubles: another's are told with its models.
std::vector<std::string> Dispatcher::not_ready() const {
  std::vector<std::string> reasons;
  if (draining_) reasons.push_back("the server is stopping");
  const WorkerPool& pool = groups_.default_group().pool();
  if (pool.ready() == 0) reasons.push_back(pool.trouble().empty() ? "no worker is ready yet" : pool.trouble());
  if (storage_.trouble().has_value()) reasons.push_back(storage_.trouble()->sentence());
  return reasons;
}

/// Also where the end of a drain is seen: every change comes by here.
void Dispatcher::publish() {
  board_.tell([&](ServerState& state) {
    state.draining = draining_;
    state.not_ready = not_ready();
    state.groups = groups_.states();
    state.queued = groups_.queued();
    state.running = running_.size();
    state.workers = groups_.ready();
    state.retry_after_s = admission_.retry_after_s();
    state.step_seconds = pace_.step_seconds();
  });
  if (!draining_ || !running_.empty() || !on_drained_) return;
  deadline_.cancel();
  boost::asio::post(io_, std::exchange(on_drained_, nullptr));  // after all that is being told
}

}  // namespace alice
