#include "server/front/http/wire/asio_loop.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace alice {

namespace {

void run(boost::asio::io_context& context) {
  const auto guard = boost::asio::make_work_guard(context);
  while (!context.stopped()) {
    try {
      context.run();
    } catch (const std::exception& e) {
      spdlog::error("a fault in the HTTP thread, which goes on: {}", e.what());
    } catch (...) {
      spdlog::error("an unknown fault in the HTTP thread, which goes on");
    }
  }
}

}  // namespace

void AsioLoop::start() {
  thread_ = std::thread([&context = *context_] { run(context); });
}

void AsioLoop::halt() {
  if (!thread_.joinable()) return;
  context_->stop();
  thread_.join();
}

void AsioLoop::stop() {
  halt();
  std::unique_ptr<boost::asio::io_context> ended;
  const std::lock_guard<std::mutex> lock(mutex_);
  std::swap(ended, context_);
}

void AsioLoop::post(std::function<void()> work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (context_) boost::asio::post(*context_, std::move(work));
}

EventLoop::Timer AsioLoop::after(std::chrono::milliseconds delay, std::function<void()> work) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(*context_, delay);
  // The weak pointer is for the moment between expiry and call, when letting go no longer cancels.
  timer->async_wait([alive = std::weak_ptr<void>(timer), work = std::move(work)](const auto& fault) {
    if (const auto held = alive.lock(); held && !fault) work();
  });
  return timer;
}

}  // namespace alice
