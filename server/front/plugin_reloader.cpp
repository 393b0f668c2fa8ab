#include "server/front/plugin_reloader.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace alice {
namespace {

/// How many looks a library that looks half written is waited for: a linker may pause.
constexpr int kPatience = 10;

}  // namespace

void PluginReloader::reload(Then<std::vector<GroupReload>> then) {
  waiting_.push_back(std::move(then));
  if (!is_running_) begin_round();
}

void PluginReloader::begin_round() {
  is_running_ = true;
  asked_ = std::exchange(waiting_, {});
  done_.clear();
  left_.clear();
  for (const auto& group : groups_) left_.insert(left_.begin(), group.get());
  go_on();
}

void PluginReloader::go_on() {
  if (!left_.empty()) {
    WorkerGroup& group = *left_.back();
    left_.pop_back();
    return group.reload([this](GroupReload outcome) {
      done_.push_back(std::move(outcome));
      go_on();
    });
  }
  is_running_ = false;
  const auto asked = std::exchange(asked_, {});
  const auto done = std::exchange(done_, {});
  for (const auto& then : asked) then(done);
  if (!is_running_ && !waiting_.empty()) begin_round();
}

void PluginReloader::watch(std::chrono::milliseconds period) {
  period_ = period;
  for (const auto& group : groups_) seen_[group.get()] = {group->plugins_stamp(), "", 0};
  look();
}

void PluginReloader::look() {
  timer_.expires_after(period_);
  timer_.async_wait([this](const boost::system::error_code& fault) {
    if (fault) return;
    const auto due = [this](const auto& group) { return is_due(*group); };
    if (std::count_if(groups_.begin(), groups_.end(), due) > 0) reload([](const auto&) {});
    look();
  });
}

bool PluginReloader::is_due(const WorkerGroup& group) {
  Seen& seen = seen_.at(&group);
  const std::string now = group.plugins_stamp();
  seen.still = std::exchange(seen.last, now) == now ? seen.still + 1 : 0;
  if (seen.still == 0 || now == seen.tried || !group.plugins_changed()) return false;
  if (seen.still < kPatience && group.plugins_look_half_written()) return false;
  seen.tried = now;
  return true;
}

void PluginReloader::stop() {
  timer_.cancel();
  const Error error(ErrorCode::busy, "", "the server is stopping");
  for (const auto& then : std::exchange(asked_, {})) then(error);
  for (const auto& then : std::exchange(waiting_, {})) then(error);
}

}  // namespace alice
