#include "server/worker/session/session.h"

#include <c10/core/InferenceMode.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <xxhash.h>

#include <thread>
#include <utility>

#include "server/cli/command_line.h"
#include "server/worker/session/description.h"
#include "server/worker/session/preloading.h"
#include "server/worker/session/run_identity.h"

namespace alice {
namespace {

bool same(const JobRun& a, const JobRun& b) { return a.job == b.job && a.attempt == b.attempt; }

/// Of what may be megabytes: the stamps of every file of a folder.
std::string short_stamp(const std::string& stamp) {
  return fmt::format("{:016x}", XXH3_64bits(stamp.data(), stamp.size()));
}

/// Why `model` is not to be looked at (Describe::pass_over); "" when it is.
std::string reason_to_pass_over(const Json& pass_over, const std::string& model, const std::string& stamp) {
  const Json entry = pass_over.value(model, Json::object());
  return entry.value("stamp", "") == stamp ? entry.value("reason", "") : "";
}

}  // namespace

Session::Session(FrontLink& front, Composer& composer)
    : forecaster_(composer, [](const std::string& fault) { spdlog::info("{}", fault); }),
      bench_{composer, front, forecaster_, loaded_programs()},
      backend_(backend_in_words(composer)),
      hashes_(composer.config().cache_directory, [this] { describe_again(); }) {}

void Session::run() {
  std::thread([this] { hear_front(); }).detach();
  std::thread([this] { describe_when_asked(); }).detach();
  const c10::InferenceMode no_gradients;  // of this thread: models are loaded and used in one mode
  while (true) std::visit([this](const auto& order) { carry_out(order); }, next_order());
}

/// _exit: the other thread computes, and nothing of its state must be waited for or torn down. Pictures are written
/// whole or not at all.
void Session::hear_front() {
  try {
    while (const auto order = bench_.front.hear()) std::visit([this](const auto& message) { take(message); }, *order);
    ::_exit(kExitOk);
  } catch (const std::exception& e) {
    spdlog::critical("this worker ends, for it cannot follow the front: {}", e.what());
    ::_exit(kExitFailed);
  }
}

void Session::take(const StartJob& order) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!waiting_) {
      waiting_ = order;
      order_came_.notify_one();
      return;
    }
  }
  bench_.front.say(JobFailed{order.run, ErrorCode::busy, "worker", "has a job, and another that waits"});
}

void Session::take(const CancelJob& order) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (running_ && same(*running_, order.run)) cancelled_ = true;
  if (!waiting_ || !same(waiting_->run, order.run)) return;
  waiting_.reset();
  lock.unlock();
  bench_.front.say(JobFailed{order.run, ErrorCode::cancelled, "job", "was cancelled"});
}

void Session::take(const Describe& order) {
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_describe_ = order;
  describe_came_.notify_one();
}

void Session::take(const Ping&) { bench_.front.say(Pong{}); }

void Session::take(const Preload& order) {
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_preload_ = order;
  preload_stopped_ = false;
  order_came_.notify_one();
}

void Session::take(const StopPreload&) { preload_stopped_ = true; }

void Session::describe_when_asked() {
  while (true) {
    std::unique_lock<std::mutex> lock(mutex_);
    describe_came_.wait(lock, [&] { return waiting_describe_.has_value(); });
    const Describe order = *std::exchange(waiting_describe_, std::nullopt);
    last_describe_ = order;
    lock.unlock();
    describe(order);
  }
}

/// Hashes of models have become known: the front hears of them unasked.
void Session::describe_again() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!waiting_describe_) waiting_describe_ = last_describe_;
  describe_came_.notify_one();
}

void Session::describe(const Describe& order) {
  const auto before_look = [&](const std::string& model, const std::string& long_stamp) {
    const std::string stamp = short_stamp(long_stamp);
    const std::string reason = reason_to_pass_over(order.pass_over, model, stamp);
    if (!reason.empty()) throw Error(ErrorCode::bad_weights, "", reason);
    bench_.front.say(LookingAt{model, stamp});
  };
  bench_.front.say(Described{::getpid(), describe_worker(bench_.composer, backend_, before_look, hashes_)});
}

/// Jobs first.
std::variant<StartJob, Preload> Session::next_order() {
  std::unique_lock<std::mutex> lock(mutex_);
  order_came_.wait(lock, [&] { return waiting_.has_value() || waiting_preload_.has_value(); });
  if (!waiting_) return *std::exchange(waiting_preload_, std::nullopt);
  running_ = waiting_->run;
  cancelled_ = false;
  return *std::exchange(waiting_, std::nullopt);
}

void Session::carry_out(const StartJob& order) {
  run_job(order, bench_, cancelled_);
  const std::lock_guard<std::mutex> lock(mutex_);
  running_.reset();
}

void Session::carry_out(const Preload& order) { run_preload(order, bench_, preload_stopped_); }

}  // namespace alice
