#include "server/front/store_health.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace alice {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPause{1};
/// How long a failure is held against the store when there is nothing to try it with.
constexpr std::chrono::seconds kTroubleFades{10};

}  // namespace

StoreHealth::StoreHealth(boost::asio::io_context& io, std::function<void()> retry)
    : retry_(std::move(retry)), timer_(io) {}

void StoreHealth::failed(const Error& error) {
  if (trouble_.empty()) spdlog::error("{}", error.what());
  trouble_ = error.what();
  failed_at_ = Clock::now();
  if (!std::exchange(is_waiting_, true)) retry_soon();
}

void StoreHealth::works() {
  if (trouble_.empty()) return;
  trouble_.clear();
  spdlog::info("the job store works again");
}

void StoreHealth::retry_soon() {
  timer_.expires_after(kPause);
  timer_.async_wait([this](const boost::system::error_code& fault) {
    if (fault) return;
    if (Clock::now() - failed_at_ >= kTroubleFades) trouble_.clear();
    retry_();
    is_waiting_ = !trouble_.empty();
    if (is_waiting_) retry_soon();
  });
}

}  // namespace alice
