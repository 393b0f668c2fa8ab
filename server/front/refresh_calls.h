#pragma once
// Who waits for workers to describe themselves anew.

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/front/worker_group.h"

namespace alice {

/// However many call, a worker is asked once at a time: who calls while workers are asked waits for the next round,
/// with all others that do (what they want seen may have come after the workers had looked). One thread at a time.
class RefreshCalls {
 public:
  /// A worker of a group.
  using Asked = std::pair<const WorkerGroup*, size_t>;

  /// `ask` asks a worker of each group that has one, and tells whom; `describe` gives the outcome of calls that went
  /// well.
  RefreshCalls(std::function<std::set<Asked>()> ask, std::function<Json()> describe)
      : ask_(std::move(ask)), describe_(std::move(describe)) {}

  /// Error(busy) when no worker is there, or too many wait already.
  void add(Then<Json> then);
  void answered(const Asked& worker) { end(worker, nullptr); }
  void died(const Asked& worker);
  /// Ends all calls with this error.
  void give_up(const Error& error);

 private:
  using Calls = std::vector<Then<Json>>;
  void begin_round();
  void end(const Asked& worker, const Error* error);

  const std::function<std::set<Asked>()> ask_;
  const std::function<Json()> describe_;
  std::set<Asked> asked_;  // that have not answered: the round goes on
  Calls round_, waiting_;
};

}  // namespace alice
