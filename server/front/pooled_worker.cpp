#include "server/front/pooled_worker.h"

#include <spdlog/fmt/fmt.h>

#include <type_traits>
#include <utility>

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

/// A worker that ends sooner after it has described itself, without ever having had a job, is a false start too: else
/// one that always does would be started again and again without a pause.
constexpr std::chrono::seconds kTrueStart{1};

template <class Message, class = void>
constexpr bool kIsAboutJob = false;
template <class Message>
constexpr bool kIsAboutJob<Message, std::void_t<decltype(Message::run)>> = true;

/// The job that a message is about.
const JobRun* run_of(const ToFront& message) {
  return std::visit(
      [](const auto& one) -> const JobRun* {
        if constexpr (kIsAboutJob<std::decay_t<decltype(one)>>)
          return &one.run;
        else
          return nullptr;
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

}  // namespace

void PooledWorker::start(const Json& pass_over, WorkerProcess::OnMessage on_message, WorkerProcess::OnEnd on_end) {
  process_ = WorkerProcess::start(io_, settings_.arguments, std::move(on_message), std::move(on_end));
  describe(pass_over);
}

bool PooledWorker::has_served() const {
  return had_job_ || (has_described() && Clock::now() - taken_at_ >= kTrueStart);
}

void PooledWorker::take() {
  stage = Stage::serving;
  taken_at_ = Clock::now();
  heartbeat_.start(io_, process_, settings_.heartbeat);
}

// --- orders

void PooledWorker::give(StartJob job) {
  run_ = job.run;
  had_job_ = true;
  allow_step();
  process_->send(std::move(job));
}

void PooledWorker::cancel(const JobRun& run, double step_seconds) {
  if (!run_.has_value() || !same(*run_, run) || grace_.is_set()) return;
  if (std::chrono::duration<double>(step_seconds) > settings_.cancel_grace)
    return kill(kCancelledEnd, fmt::format("the worker was killed with its cancelled job, whose step would have taken "
                                           "about {:.0f} s more; another is started",
                                           step_seconds));
  process_->send(CancelJob{run});
  grace_.set(process_, settings_.cancel_grace, kCancelledEnd,
             "the worker did not let go of its cancelled job within " + seconds(settings_.cancel_grace) +
                 " and was killed; another is started");
}

/// One that is late with another description gets no more time by this.
void PooledWorker::describe(const Json& pass_over) {
  process_->send(Describe{pass_over});
  if (!description_.is_set()) allow_description();
}

void PooledWorker::preload(const std::string& model) {
  preloading_ = model;
  is_to_stop_ = false;
  allow_preload();
  process_->send(Preload{model});
}

void PooledWorker::stop_preload() {
  if (preloading_.has_value() && !std::exchange(is_to_stop_, true)) process_->send(StopPreload{});
}

void PooledWorker::stop() {
  if (process_ != nullptr) process_->stop();
}

// --- limits

void PooledWorker::allow_description() {
  description_.set(
      process_, settings_.start_timeout, "start timeout",
      "the worker did not describe itself within " + seconds(settings_.start_timeout) + " and was killed");
}

void PooledWorker::allow_look() {
  description_.set(process_, settings_.look_timeout, kLookTimeout,
                   "the worker was not done within " + seconds(settings_.look_timeout) + " and was killed");
}

void PooledWorker::allow_step() {
  limit_.set(process_, settings_.step_timeout, "step timeout",
             "the worker said nothing about its job for " + seconds(settings_.step_timeout) + " and was killed");
}

void PooledWorker::allow_preload() {
  limit_.set(process_, settings_.step_timeout, "preload timeout",
             "the worker was silent for " + seconds(settings_.step_timeout) + " and was killed");
}

// --- what it says

bool PooledWorker::heard(const ToFront& message) {
  if (const auto* loading = std::get_if<LoadingPlugin>(&message)) loading_ = loading->file;
  if (const auto* look = std::get_if<LookingAt>(&message)) heard_of_look(*look);
  if (std::holds_alternative<Described>(message)) description_.clear();
  if (std::holds_alternative<Pong>(message)) heartbeat_.answered();
  heard_of_preload(message);
  return heard_of_job(message);
}

bool PooledWorker::heard_of_job(const ToFront& message) {
  const JobRun* run = run_of(message);
  if (run == nullptr || !run_.has_value() || !same(*run, *run_)) return false;
  if (std::holds_alternative<PluginsAtWork>(message)) return false;  // no sign of life
  allow_step();
  if (!is_end_of_job(message)) return false;
  limit_.clear();
  grace_.clear();
  run_.reset();
  return true;
}

void PooledWorker::heard_of_preload(const ToFront& message) {
  if (!preloading_.has_value()) return;
  if (std::holds_alternative<Preloading>(message)) allow_preload();
  const auto* ended = std::get_if<PreloadEnded>(&message);
  if (ended == nullptr) return;
  limit_.clear();
  preloading_.reset();
  if (ended->outcome != PreloadEnded::Outcome::stopped) to_preload.pop_front();
}

/// Each model has its own time.
void PooledWorker::heard_of_look(const LookingAt& look) {
  looking_at_ = look;
  if (look.model.empty())
    allow_description();
  else
    allow_look();
}

WorkerEnd PooledWorker::with_circumstances(WorkerEnd end) const {
  if (!has_described() && !loading_.empty()) end.sentence += " while it loaded the plugin " + loading_;
  const bool is_of_look = end.reason == kLookTimeout || (!is_busy() && !is_preloading());
  if (!looking_at_.model.empty() && is_of_look) {
    end.looked_at = looking_at_.model, end.looked_at_stamp = looking_at_.stamp;
    end.sentence += " while it looked at the files of " + end.looked_at;
  }
  if (!preloading_.has_value()) return end;
  end.preload = *preloading_;
  end.sentence += " while it preloaded " + end.preload;
  return end;
}

}  // namespace alice
