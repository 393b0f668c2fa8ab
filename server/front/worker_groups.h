#pragma once
// All groups of workers, and which of them serves a model.

#include <memory>
#include <string>
#include <vector>

#include "server/front/worker_group.h"

namespace alice {

/// The first is the default group: it serves every model that no other names. All of it belongs to the thread that runs
/// the io_context.
class WorkerGroups {
 public:
  /// `settings`: the default group's first, at least that. `listener` must outlive the groups.
  WorkerGroups(boost::asio::io_context& io, const std::vector<WorkerGroupSettings>& settings, GroupListener& listener);

  auto begin() const { return groups_.begin(); }
  auto end() const { return groups_.end(); }
  WorkerGroup& default_group() const { return *groups_.front(); }
  /// `model`: an id, or what stands behind its slash.
  WorkerGroup& serving(const std::string& model) const;
  /// Whose queue has the job; null when none has.
  WorkerGroup* with_waiting(const std::string& job) const;

  int64_t queued() const;
  int64_t ready() const;
  std::vector<GroupState> states() const;
  /// ServerState::description.
  Json description() const;

 private:
  std::vector<std::unique_ptr<WorkerGroup>> groups_;
};

}  // namespace alice
