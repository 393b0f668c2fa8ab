#include "server/front/worker_pool.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

/// A worker that ends sooner after it has described itself, without ever having had a job, is a false start too: else
/// one that always does would be started again and again without a pause.
constexpr std::chrono::seconds kTrueStart{1};

/// The job that a message is about.
const JobRun* run_of(const ToFront& message) {
  return std::visit(
      [](const auto& one) -> const JobRun* {
        using Message = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Message, Described> || std::is_same_v<Message, LogLine>)
          return nullptr;
        else
          return &one.run;
      },
      message);
}

bool same(const JobRun& a, const JobRun& b) { return a.job == b.job && a.attempt == b.attempt; }

std::string seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", std::chrono::duration<double>(time).count());
}

}  // namespace

WorkerPool::WorkerPool(boost::asio::io_context& io, WorkerSettings settings, WorkerListener& listener)
    : io_(io), settings_(std::move(settings)), listener_(listener) {
  for (size_t i = 0; i < settings_.workers; ++i) places_.push_back(std::make_unique<Place>(io));
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::start() {
  for (size_t worker = 0; worker < places_.size(); ++worker) start(worker);
}

void WorkerPool::stop() {
  stopped_ = true;
  for (const auto& place : places_) {
    place->limit.cancel();
    place->pause.cancel();
    place->described = false;
    if (place->process != nullptr) std::exchange(place->process, nullptr)->stop();
  }
}

std::optional<size_t> WorkerPool::idle() const {
  for (size_t i = 0; i < places_.size(); ++i)
    if (places_[i]->described && !places_[i]->run.has_value()) return i;
  return std::nullopt;
}

std::optional<size_t> WorkerPool::any() const {
  if (const auto worker = idle()) return worker;
  for (size_t i = 0; i < places_.size(); ++i)
    if (places_[i]->described) return i;
  return std::nullopt;
}

size_t WorkerPool::ready() const {
  return static_cast<size_t>(
      std::count_if(places_.begin(), places_.end(), [](const auto& place) { return place->described; }));
}

void WorkerPool::give(size_t worker, StartJob job) {
  Place& place = *places_.at(worker);
  place.run = job.run;
  place.had_job = true;
  allow_step(worker);
  place.process->send(std::move(job));
}

void WorkerPool::cancel(size_t worker, const JobRun& run) {
  const Place& place = *places_.at(worker);
  if (place.run.has_value() && same(*place.run, run)) place.process->send(CancelJob{run});
}

void WorkerPool::describe(size_t worker) {
  Place& place = *places_.at(worker);
  place.process->send(Describe{});
  if (!place.run.has_value()) allow_description(worker);
}

void WorkerPool::start(size_t worker) {
  Place& place = *places_[worker];
  place.described = place.had_job = false;
  place.run.reset();
  try {
    place.process = WorkerProcess::start(
        io_, settings_.arguments, [this, worker](ToFront message) { heard(worker, std::move(message)); },
        [this, worker](const WorkerEnd& end) { ended(worker, end); });
  } catch (const Error& e) {
    return ended(worker, {"no start", e.what()});
  }
  spdlog::info("worker={} started as process {}", worker, place.process->pid());
  allow_description(worker);
}

void WorkerPool::allow(size_t worker, std::chrono::milliseconds time, const std::string& reason,
                       const std::string& sentence) {
  Place& place = *places_[worker];
  place.limit.expires_after(time);
  place.limit.async_wait([this, worker, reason, sentence](const boost::system::error_code& fault) {
    if (fault) return;
    const Place& late = *places_[worker];
    // A timer that was set anew while this call was on its way does not take it back.
    if (late.process != nullptr && late.limit.expiry() <= Clock::now()) late.process->kill(reason, sentence);
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

void WorkerPool::heard(size_t worker, ToFront message) {
  Place& place = *places_[worker];
  if (std::holds_alternative<Described>(message)) {
    if (!place.run.has_value()) place.limit.cancel();
    if (!std::exchange(place.described, true)) place.described_at = Clock::now();
    trouble_.clear();
  }
  heard_of_job(worker, message);
  listener_.worker_says(worker, std::move(message));
}

void WorkerPool::heard_of_job(size_t worker, const ToFront& message) {
  Place& place = *places_[worker];
  const JobRun* run = run_of(message);
  if (run == nullptr || !place.run.has_value() || !same(*run, *place.run)) return;
  allow_step(worker);
  if (!std::holds_alternative<JobDone>(message) && !std::holds_alternative<JobFailed>(message)) return;
  place.limit.cancel();
  place.run.reset();
}

void WorkerPool::ended(size_t worker, const WorkerEnd& end) {
  Place& place = *places_[worker];
  place.limit.cancel();
  place.process.reset();
  const bool has_served = place.had_job || (place.described && Clock::now() - place.described_at >= kTrueStart);
  place.described = false;
  const std::optional<JobRun> run = std::exchange(place.run, std::nullopt);
  place.false_starts = has_served ? 0 : place.false_starts + 1;
  if (!has_served) trouble_ = end.sentence + " at its start: see the log";
  listener_.worker_ended(worker, end, run);
  if (!stopped_) start_after_pause(worker);
}

void WorkerPool::start_after_pause(size_t worker) {
  Place& place = *places_[worker];
  if (place.false_starts == 0) return start(worker);
  auto pause = settings_.first_pause;
  for (int i = 1; i < place.false_starts && pause < settings_.longest_pause; ++i) pause *= 2;
  place.pause.expires_after(std::min(pause, settings_.longest_pause));
  place.pause.async_wait([this, worker](const boost::system::error_code& fault) {
    if (!fault && !stopped_) start(worker);
  });
}

}  // namespace alice
