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

}  // namespace

void PooledWorker::start(boost::asio::io_context& io, WorkerProcess::OnMessage on_message,
                         WorkerProcess::OnEnd on_end) {
  process_ = WorkerProcess::start(io, settings_.arguments, std::move(on_message), std::move(on_end));
  allow_description();
}

bool PooledWorker::has_served() const {
  return had_job_ || (has_described() && Clock::now() - taken_at_ >= kTrueStart);
}

void PooledWorker::take() {
  stage = Stage::serving;
  taken_at_ = Clock::now();
}

// --- orders

void PooledWorker::give(StartJob job) {
  run_ = job.run;
  had_job_ = true;
  allow_step();
  process_->send(std::move(job));
}

void PooledWorker::cancel(const JobRun& run) {
  if (!run_.has_value() || !same(*run_, run) || grace_.is_set()) return;
  process_->send(CancelJob{run});
  grace_.set(process_, settings_.cancel_grace, kCancelledEnd,
             "the worker did not let go of its cancelled job within " + seconds(settings_.cancel_grace) +
                 " and was killed; another is started");
}

void PooledWorker::describe() {
  process_->send(Describe{});
  if (!is_busy() && !is_preloading()) allow_description();
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
  limit_.set(process_, settings_.start_timeout, "start timeout",
             "the worker did not describe itself within " + seconds(settings_.start_timeout) + " and was killed");
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
  if (std::holds_alternative<Described>(message) && !is_busy() && !is_preloading()) limit_.clear();
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

WorkerEnd PooledWorker::with_circumstances(WorkerEnd end) const {
  if (!has_described() && !loading_.empty()) end.sentence += " while it loaded the plugin " + loading_;
  if (!preloading_.has_value()) return end;
  end.preload = *preloading_;
  end.sentence += " while it preloaded " + end.preload;
  return end;
}

}  // namespace alice
