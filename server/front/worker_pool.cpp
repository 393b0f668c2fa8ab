#include "server/front/worker_pool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "server/front/plugin_files.h"
#include "server/front/process_memory.h"

namespace alice {
namespace {

/// How often memory is looked at. A worker can take some hundred MB more meanwhile.
constexpr std::chrono::milliseconds kMemoryPeriod{100};
/// A worker in the place of one that died is refused so often in a row; then what it has is better than nothing.
constexpr int kMostObjections = 5;

// Reasons of ends that are no deaths.
constexpr const char* kRefused = "refused";
constexpr const char* kReplaced = "replaced";
constexpr const char* kReplacedSentence = "the worker was replaced by one with newer plugins";

bool is_end_of_preload(const ToFront& message) {
  const auto* ended = std::get_if<PreloadEnded>(&message);
  return ended != nullptr && ended->outcome != PreloadEnded::Outcome::stopped;
}

bool is_for_the_pool_alone(const ToFront& message) {
  return std::holds_alternative<LoadingPlugin>(message) || std::holds_alternative<LookingAt>(message) ||
         std::holds_alternative<Pong>(message);
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
  for (const auto& [number, worker] : workers_) worker->stop();
  workers_.clear();
}

void WorkerPool::hold() { is_held_ = true; }

void WorkerPool::release() {
  is_held_ = false;
  fill();
}

// --- who is there

PooledWorker* WorkerPool::find(size_t worker) const {
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
    if (worker->serves() && !worker->is_busy() && !worker->is_preloading()) idle = number;  // the newest
  return idle;
}

std::optional<size_t> WorkerPool::any() const {
  if (const auto worker = idle()) return worker;
  for (const auto& [number, worker] : workers_)
    if (worker->serves()) return number;
  return std::nullopt;
}

bool WorkerPool::serves(size_t number) const {
  const PooledWorker* worker = find(number);
  return worker != nullptr && worker->serves();
}

template <class Condition>
size_t WorkerPool::count_serving(Condition&& holds) const {
  return static_cast<size_t>(std::count_if(workers_.begin(), workers_.end(), [&](const auto& entry) {
    return entry.second->serves() && holds(*entry.second);
  }));
}

size_t WorkerPool::ready() const {
  return count_serving([](const PooledWorker&) { return true; });
}

size_t WorkerPool::busy() const {
  return count_serving([](const PooledWorker& worker) { return worker.is_busy(); });
}

size_t WorkerPool::preloading() const {
  return count_serving([](const PooledWorker& worker) { return worker.is_preloading(); });
}

// --- orders

void WorkerPool::give(size_t number, StartJob job) { workers_.at(number)->give(std::move(job)); }

void WorkerPool::cancel(size_t number, const JobRun& run, std::optional<double> step_seconds) {
  if (PooledWorker* worker = find(number)) worker->cancel(run, step_seconds.value_or(0));
}

void WorkerPool::describe(size_t number) { workers_.at(number)->describe(bad_models_.to_pass_over()); }

void WorkerPool::stop_preloads(size_t count) {
  for (const auto& [number, worker] : workers_) {
    if (count == 0) return;
    if (!worker->serves() || !worker->is_preloading()) continue;
    --count;
    worker->stop_preload();
  }
}

// --- starting

std::string WorkerPool::stamp() const { return plugin_files_stamp(settings_.plugins); }

void WorkerPool::fill() {
  while (!is_stopped_ && !is_held_ && !is_pausing_ && members() < settings_.workers) start(Stage::starting);
}

void WorkerPool::start(Stage stage) {
  const size_t number = ++last_number_;
  PooledWorker& worker = *(workers_[number] = std::make_unique<PooledWorker>(io_, settings_, stage, stamp()));
  try {
    worker.start(
        bad_models_.to_pass_over(), [this, number](ToFront message) { heard(number, std::move(message)); },
        [this, number](const WorkerEnd& end) { ended(number, end); });
  } catch (const Error& e) {
    return ended(number, {"no start", e.what()});
  }
  spdlog::info("worker={}{} started as process {}", settings_.log_name, number, worker.pid());
}

void WorkerPool::note_bad_model(const WorkerEnd& end) {
  if (!bad_models_.note(end)) return;
  spdlog::error(
      "the model {} is unavailable: a worker ended while it looked at its files ({}); others pass it over until they "
      "change",
      end.looked_at, end.reason);
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

// --- memory

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
    const int64_t bytes = private_memory(worker->pid()).value_or(0);
    if (bytes > settings_.memory_limit)
      worker->kill(kMemoryLimitEnd, "the worker took " + megabytes(bytes) + " of memory, more than its limit of " +
                                        megabytes(settings_.memory_limit) + ", and was killed");
  }
}

// --- what workers say

void WorkerPool::heard(size_t number, ToFront message) {
  PooledWorker& worker = *workers_.at(number);
  const auto preloaded = worker.preloading();
  const bool has_ended_job = worker.heard(message);
  if (is_for_the_pool_alone(message)) return;
  if (const auto* described = std::get_if<Described>(&message); described != nullptr && !take(number, *described))
    return;
  if (has_ended_job && worker.stage == Stage::leaving) worker.kill(kReplaced, kReplacedSentence);
  if (preloaded.has_value() && is_end_of_preload(message)) preloads_.note_life(*preloaded);
  const bool is_new = worker.stage != Stage::leaving && std::holds_alternative<Described>(message);
  listener_.worker_says(number, std::move(message));
  if (is_new) go_on_replacing();
  preload_next(number);  // unless the listener had a job for it
}

/// False when it is a newcomer that is not wanted.
bool WorkerPool::take(size_t number, const Described& described) {
  PooledWorker& worker = *workers_.at(number);
  if (worker.has_described()) return true;
  const std::string objection = objection_to(worker, described);
  const bool is_candidate = worker.stage == Stage::candidate;
  if (!objection.empty() && (is_candidate || ++objections_ <= kMostObjections)) {
    worker.kill(kRefused, objection);
    return false;
  }
  if (!objection.empty()) spdlog::error("worker={}{} is taken although {}", settings_.log_name, number, objection);
  worker.take();
  if (plugins_ != worker.plugins) preloads_.forget_deaths(), bad_models_.forget();
  worker.to_preload = preloads_.models();
  plugins_ = worker.plugins;
  objections_ = 0;
  trouble_.clear();
  return true;
}

std::string WorkerPool::objection_to(const PooledWorker& newcomer, const Described& described) const {
  if (newcomer.plugins != stamp()) return "a plugin library changed while it was loaded";
  return listener_.objection_to(described);
}

/// Without effect when the worker has something to do, or nothing to preload.
void WorkerPool::preload_next(size_t number) {
  PooledWorker* worker = find(number);
  if (worker == nullptr || !worker->serves() || worker->is_busy() || worker->is_preloading()) return;
  auto& left = worker->to_preload;
  while (!left.empty() && !preloads_.allows(left.front())) left.pop_front();  // other workers died of it
  if (!left.empty()) worker->preload(left.front());
}

// --- ends

void WorkerPool::ended(size_t number, const WorkerEnd& how) {
  const auto worker = std::move(workers_.at(number));
  workers_.erase(number);
  WorkerEnd end = worker->with_circumstances(how);
  const bool is_candidate = worker->stage == Stage::candidate;
  const bool is_unwanted = !is_candidate && (worker->stage != Stage::leaving || worker->is_busy());
  if (is_unwanted && !end.preload.empty() && preloads_.note_death(end.preload))
    spdlog::warn("workers die of {}: it is not preloaded any more, but loaded when a job asks for it", end.preload);
  if (is_unwanted && !end.looked_at.empty()) note_bad_model(end);
  if (worker->has_served()) {
    false_starts_ = 0;
  } else if (is_unwanted) {
    if (end.reason != kRefused) end.sentence += " at its start: see the log";
    note_start_that_failed(end);
  }
  const bool is_death = is_unwanted && end.reason != kRefused && end.reason != kCancelledEnd;
  listener_.worker_ended(number, end, worker->run(), is_death);
  if (is_candidate) end_replacing(end.sentence);
  fill();
}

// --- replacing

bool WorkerPool::plugins_changed() const {
  const std::string now = stamp();
  if (members() == 0) return plugins_ != now;
  return std::any_of(workers_.begin(), workers_.end(), [&](const auto& entry) {
    return entry.second->serves() && entry.second->plugins != now;
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
  PooledWorker* oldest = nullptr;
  for (const auto& [number, worker] : workers_) {
    if (worker->stage != Stage::starting && worker->stage != Stage::serving) continue;
    if (oldest == nullptr || (oldest->is_old == worker->is_old && oldest->is_busy() && !worker->is_busy()))
      oldest = worker.get();
  }
  oldest->stage = Stage::leaving;
  if (!oldest->is_busy()) oldest->kill(kReplaced, kReplacedSentence);
}

void WorkerPool::end_replacing(const std::string& reason) {
  for (const auto& [number, worker] : workers_) worker->is_old = false;
  if (on_replaced_) std::exchange(on_replaced_, nullptr)(reason);
}

}  // namespace alice
