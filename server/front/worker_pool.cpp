#include "server/front/worker_pool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "server/front/plugin_files.h"
#include "server/front/process_memory.h"

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

/// A worker that ends sooner after it has described itself, without ever having had a job, is a false start too: else
/// one that always does would be started again and again without a pause.
constexpr std::chrono::seconds kTrueStart{1};
/// How often memory is looked at. A worker can take some hundred MB more meanwhile.
constexpr std::chrono::milliseconds kMemoryPeriod{100};
/// A worker in the place of one that died is refused so often in a row; then what it has is better than nothing.
constexpr int kMostObjections = 5;

// Reasons of ends that are no deaths.
constexpr const char* kRefused = "refused";
constexpr const char* kReplaced = "replaced";
constexpr const char* kReplacedSentence = "the worker was replaced by one with newer plugins";

/// The job that a message is about.
const JobRun* run_of(const ToFront& message) {
  return std::visit(
      [](const auto& one) -> const JobRun* {
        using Message = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Message, LoadingPlugin> || std::is_same_v<Message, Described> ||
                      std::is_same_v<Message, Preloading> || std::is_same_v<Message, PreloadEnded> ||
                      std::is_same_v<Message, LogLine>)
          return nullptr;
        else
          return &one.run;
      },
      message);
}

bool same(const JobRun& a, const JobRun& b) { return a.job == b.job && a.attempt == b.attempt; }

bool is_end_of_job(const ToFront& message) {
  return std::holds_alternative<JobDone>(message) || std::holds_alternative<JobFailed>(message);
}

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

std::string megabytes(int64_t bytes) { return fmt::format("{:.0f} MB", static_cast<double>(bytes) / 1e6); }

}  // namespace

WorkerPool::WorkerPool(boost::asio::io_context& io, WorkerSettings settings, WorkerListener& listener)
    : io_(io),
      settings_(std::move(settings)),
      listener_(listener),
      preloads_(settings_.preload),
      pause_(io),
      memory_(io) {}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::start() {
  release();
  if (settings_.memory_limit > 0) watch_memory();
}

void WorkerPool::stop() {
  is_stopped_ = true;
  pause_.cancel();
  memory_.cancel();
  on_replaced_ = nullptr;
  for (const auto& [number, worker] : workers_)
    if (worker->process != nullptr) worker->process->stop();
  workers_.clear();
}

void WorkerPool::hold() { is_held_ = true; }

void WorkerPool::release() {
  is_held_ = false;
  fill();
}

// --- who is there

WorkerPool::Worker* WorkerPool::find(size_t worker) const {
  const auto found = workers_.find(worker);
  return found == workers_.end() ? nullptr : found->second.get();
}

size_t WorkerPool::members() const {
  return static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(), [](const auto& entry) {
    return entry.second->stage == Stage::starting || entry.second->stage == Stage::serving;
  }));
}

std::optional<size_t> WorkerPool::idle() const {
  std::optional<size_t> idle;
  for (const auto& [number, worker] : workers_)
    if (worker->stage == Stage::serving && !worker->run.has_value() && !worker->preloading.has_value())
      idle = number;  // the newest
  return idle;
}

std::optional<size_t> WorkerPool::any() const {
  if (const auto worker = idle()) return worker;
  for (const auto& [number, worker] : workers_)
    if (worker->stage == Stage::serving) return number;
  return std::nullopt;
}

bool WorkerPool::serves(size_t number) const {
  const Worker* worker = find(number);
  return worker != nullptr && worker->stage == Stage::serving;
}

size_t WorkerPool::ready() const {
  return static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(),
                                           [](const auto& entry) { return entry.second->stage == Stage::serving; }));
}

size_t WorkerPool::busy() const {
  return static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(), [](const auto& entry) {
    return entry.second->stage == Stage::serving && entry.second->run.has_value();
  }));
}

size_t WorkerPool::preloading() const {
  return static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(), [](const auto& entry) {
    return entry.second->stage == Stage::serving && entry.second->preloading.has_value();
  }));
}

// --- orders

void WorkerPool::give(size_t number, StartJob job) {
  Worker& worker = *workers_.at(number);
  worker.run = job.run;
  worker.had_job = true;
  allow_step(number);
  worker.process->send(std::move(job));
}

void WorkerPool::cancel(size_t number, const JobRun& run) {
  const Worker* worker = find(number);
  if (worker != nullptr && worker->run.has_value() && same(*worker->run, run)) worker->process->send(CancelJob{run});
}

void WorkerPool::describe(size_t number) {
  Worker& worker = *workers_.at(number);
  worker.process->send(Describe{});
  if (!worker.run.has_value() && !worker.preloading.has_value()) allow_description(number);
}

void WorkerPool::stop_preloads(size_t count) {
  for (const auto& [number, worker] : workers_) {
    if (count == 0) return;
    if (worker->stage != Stage::serving || !worker->preloading.has_value()) continue;
    --count;
    if (std::exchange(worker->is_to_stop, true)) continue;
    worker->process->send(StopPreload{});
  }
}

// --- starting

std::string WorkerPool::stamp() const { return plugin_files_stamp(settings_.plugins); }

void WorkerPool::fill() {
  while (!is_stopped_ && !is_held_ && !is_pausing_ && members() < settings_.workers) start(Stage::starting);
}

void WorkerPool::start(Stage stage) {
  const size_t number = ++last_number_;
  Worker& worker = *(workers_[number] = std::make_unique<Worker>(io_, stage, stamp()));
  try {
    worker.process = WorkerProcess::start(
        io_, settings_.arguments, [this, number](ToFront message) { heard(number, std::move(message)); },
        [this, number](const WorkerEnd& end) { ended(number, end); });
  } catch (const Error& e) {
    return ended(number, {"no start", e.what()});
  }
  spdlog::info("worker={}{} started as process {}", settings_.log_name, number, worker.process->pid());
  allow_description(number);
}

void WorkerPool::note_start_that_failed(const WorkerEnd& end) {
  trouble_ = end.sentence;
  ++false_starts_;
  start_later();
}

void WorkerPool::start_later() {
  auto time = settings_.first_pause;
  for (int i = 1; i < false_starts_ && time < settings_.longest_pause; ++i) time *= 2;
  is_pausing_ = true;
  pause_.expires_after(std::min(time, settings_.longest_pause));
  pause_.async_wait([this](const boost::system::error_code& fault) {
    if (fault) return;
    is_pausing_ = false;
    fill();
  });
}

// --- limits

void WorkerPool::allow(size_t number, std::chrono::milliseconds time, const std::string& reason,
                       const std::string& sentence) {
  Worker& worker = *workers_.at(number);
  worker.limit.expires_after(time);
  worker.limit.async_wait([this, number, reason, sentence](const boost::system::error_code& fault) {
    if (fault) return;
    const Worker* late = find(number);
    // A timer that was set anew while this call was on its way does not take it back.
    if (late != nullptr && late->limit.expiry() <= Clock::now()) late->process->kill(reason, sentence);
  });
}

void WorkerPool::allow_description(size_t worker) {
  allow(worker, settings_.start_timeout, "start timeout",
        "the worker did not describe itself within " + seconds(settings_.start_timeout) + " and was killed");
}

void WorkerPool::allow_step(size_t worker) {
  allow(worker, settings_.step_timeout, "step timeout",
        "the worker said nothing about its job for " + seconds(settings_.step_timeout) + " and was killed");
}

void WorkerPool::allow_preload(size_t worker) {
  allow(worker, settings_.step_timeout, "preload timeout",
        "the worker was silent for " + seconds(settings_.step_timeout) + " and was killed");
}

void WorkerPool::watch_memory() {
  memory_.expires_after(kMemoryPeriod);
  memory_.async_wait([this](const boost::system::error_code& fault) {
    if (fault || is_stopped_) return;
    check_memory();
    watch_memory();
  });
}

void WorkerPool::check_memory() {
  for (const auto& [number, worker] : workers_) {
    const int64_t bytes = private_memory(worker->process->pid()).value_or(0);
    if (bytes > settings_.memory_limit)
      worker->process->kill("memory limit", "the worker took " + megabytes(bytes) +
                                                " of memory, more than its limit of " +
                                                megabytes(settings_.memory_limit) + ", and was killed");
  }
}

// --- what workers say

void WorkerPool::heard(size_t number, ToFront message) {
  Worker& worker = *workers_.at(number);
  if (auto* loading = std::get_if<LoadingPlugin>(&message)) {
    worker.loading = std::move(loading->file);
    return;
  }
  if (const auto* described = std::get_if<Described>(&message); described != nullptr && !take(number, *described))
    return;
  heard_of_job(number, message);
  heard_of_preload(number, message);
  const bool is_new = worker.stage != Stage::leaving && std::holds_alternative<Described>(message);
  listener_.worker_says(number, std::move(message));
  if (is_new) go_on_replacing();
  preload_next(number);  // unless the listener had a job for it
}

/// False when it is a newcomer that is not wanted.
bool WorkerPool::take(size_t number, const Described& described) {
  Worker& worker = *workers_.at(number);
  if (!worker.run.has_value() && !worker.preloading.has_value()) worker.limit.cancel();
  if (worker.stage == Stage::serving || worker.stage == Stage::leaving) return true;
  const std::string objection = objection_to(worker, described);
  const bool is_candidate = worker.stage == Stage::candidate;
  if (!objection.empty() && (is_candidate || ++objections_ <= kMostObjections)) {
    worker.process->kill(kRefused, objection);
    return false;
  }
  if (!objection.empty()) spdlog::error("worker={}{} is taken although {}", settings_.log_name, number, objection);
  worker.stage = Stage::serving;
  worker.described_at = Clock::now();
  if (plugins_ != worker.plugins) preloads_.forget_deaths();
  worker.to_preload = preloads_.models();
  plugins_ = worker.plugins;
  objections_ = 0;
  trouble_.clear();
  return true;
}

std::string WorkerPool::objection_to(const Worker& newcomer, const Described& described) const {
  if (newcomer.plugins != stamp()) return "a plugin library changed while it was loaded";
  return listener_.objection_to(described);
}

void WorkerPool::heard_of_job(size_t number, const ToFront& message) {
  Worker& worker = *workers_.at(number);
  const JobRun* run = run_of(message);
  if (run == nullptr || !worker.run.has_value() || !same(*run, *worker.run)) return;
  if (std::holds_alternative<PluginsAtWork>(message)) return;  // no sign of life
  allow_step(number);
  if (!is_end_of_job(message)) return;
  worker.limit.cancel();
  worker.run.reset();
  if (worker.stage == Stage::leaving) worker.process->kill(kReplaced, kReplacedSentence);
}

// --- preloading

/// Without effect when the worker has something to do, or nothing to preload.
void WorkerPool::preload_next(size_t number) {
  Worker* worker = find(number);
  if (worker == nullptr || worker->stage != Stage::serving || worker->run.has_value()) return;
  if (worker->preloading.has_value()) return;
  auto& left = worker->to_preload;
  while (!left.empty() && !preloads_.allows(left.front())) left.pop_front();  // other workers died of it
  if (left.empty()) return;
  worker->preloading = left.front();
  worker->is_to_stop = false;
  allow_preload(number);
  worker->process->send(Preload{*worker->preloading});
}

void WorkerPool::heard_of_preload(size_t number, const ToFront& message) {
  Worker& worker = *workers_.at(number);
  if (!worker.preloading.has_value()) return;
  if (std::holds_alternative<Preloading>(message)) allow_preload(number);
  const auto* ended = std::get_if<PreloadEnded>(&message);
  if (ended == nullptr) return;
  worker.limit.cancel();
  const std::string model = *std::exchange(worker.preloading, std::nullopt);
  if (ended->outcome == PreloadEnded::Outcome::stopped) return;
  worker.to_preload.pop_front();
  preloads_.note_life(model);
}

// --- ends

void WorkerPool::ended(size_t number, WorkerEnd end) {
  const auto worker = std::move(workers_.at(number));
  workers_.erase(number);
  const bool has_described = worker->stage == Stage::serving || worker->stage == Stage::leaving;
  const bool has_served = worker->had_job || (has_described && Clock::now() - worker->described_at >= kTrueStart);
  const bool is_candidate = worker->stage == Stage::candidate;
  const bool is_unwanted = !is_candidate && (worker->stage != Stage::leaving || worker->run.has_value());
  if (!has_described && !worker->loading.empty()) end.sentence += " while it loaded the plugin " + worker->loading;
  if (worker->preloading.has_value()) {
    end.preload = *worker->preloading;
    end.sentence += " while it preloaded " + end.preload;
    if (is_unwanted && preloads_.note_death(end.preload))
      spdlog::warn("workers die of {}: it is not preloaded any more, but loaded when a job asks for it", end.preload);
  }
  if (has_served) {
    false_starts_ = 0;
  } else if (is_unwanted) {
    if (end.reason != kRefused) end.sentence += " at its start: see the log";
    note_start_that_failed(end);
  }
  listener_.worker_ended(number, end, worker->run, is_unwanted && end.reason != kRefused);
  if (is_candidate) end_replacing(end.sentence);
  fill();
}

// --- replacing

bool WorkerPool::plugins_changed() const {
  const std::string now = stamp();
  if (members() == 0) return plugins_ != now;
  return std::any_of(workers_.begin(), workers_.end(), [&](const auto& entry) {
    return entry.second->stage == Stage::serving && entry.second->plugins != now;
  });
}

void WorkerPool::replace(OnReplaced then) {
  if (is_stopped_) return;
  on_replaced_ = std::move(then);
  for (const auto& [number, worker] : workers_) worker->is_old = worker->stage != Stage::leaving;
  start(Stage::candidate);
}

/// After a worker was taken.
void WorkerPool::go_on_replacing() {
  if (!on_replaced_) return;
  while (members() > settings_.workers) retire_one();
  const auto is_left = [](const auto& entry) { return entry.second->is_old && entry.second->stage != Stage::leaving; };
  const auto is_candidate = [](const auto& entry) { return entry.second->stage == Stage::candidate; };
  if (std::any_of(workers_.begin(), workers_.end(), is_candidate)) return;
  if (std::any_of(workers_.begin(), workers_.end(), is_left)) return start(Stage::candidate);
  end_replacing("");
}

/// The oldest, one without a job if there is one.
void WorkerPool::retire_one() {
  Worker* oldest = nullptr;
  for (const auto& [number, worker] : workers_) {
    if (worker->stage != Stage::starting && worker->stage != Stage::serving) continue;
    if (oldest == nullptr || (oldest->is_old == worker->is_old && oldest->run.has_value() && !worker->run.has_value()))
      oldest = worker.get();
  }
  oldest->stage = Stage::leaving;
  if (!oldest->run.has_value()) oldest->process->kill(kReplaced, kReplacedSentence);
}

void WorkerPool::end_replacing(const std::string& reason) {
  for (const auto& [number, worker] : workers_) worker->is_old = false;
  if (on_replaced_) std::exchange(on_replaced_, nullptr)(reason);
}

}  // namespace alice
