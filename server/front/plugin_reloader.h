#pragma once
// Takes up plugin libraries that have changed: when it is asked to, or when it sees it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "server/front/worker_groups.h"

namespace alice {

/// Groups are reloaded one after another, so that one more worker lives at a time. All of it belongs to the thread that
/// runs the io_context.
class PluginReloader {
 public:
  /// `groups` must outlive it.
  PluginReloader(boost::asio::io_context& io, const WorkerGroups& groups) : groups_(groups), timer_(io) {}

  /// JobService::reload_plugins(). A call that comes while libraries are reloaded waits for the next round: what it is
  /// about may have changed after they were looked at.
  void reload(Then<std::vector<GroupReload>> then);
  /// From now on looks at the libraries every so often, and reloads a group whose libraries have changed and then kept
  /// still for that time; for ten times that when they look half written. What was refused is tried again when it has
  /// changed again.
  void watch(std::chrono::milliseconds period);
  /// Ends all calls with Error(busy).
  void stop();

 private:
  void begin_round();
  void go_on();
  void look();
  bool is_due(const WorkerGroup& group);

  const WorkerGroups& groups_;
  boost::asio::steady_timer timer_;
  std::vector<Then<std::vector<GroupReload>>> asked_, waiting_;  // of this round; for the next
  std::vector<WorkerGroup*> left_;                               // of this round, the last one first
  std::vector<GroupReload> done_;                                // of this round
  bool is_running_ = false;

  struct Seen {
    std::string last, tried;  // stamps
    int still = 0;            // looks at which they were as at the one before
  };
  std::map<const WorkerGroup*, Seen> seen_;
  std::chrono::milliseconds period_{0};
};

}  // namespace alice
