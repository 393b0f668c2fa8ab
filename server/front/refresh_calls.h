#pragma once
// Who waits for workers to describe themselves anew.

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/front/worker_group.h"

namespace alice {

/// One thread at a time.
class RefreshCalls {
 public:
  /// A worker of a group.
  using Asked = std::pair<const WorkerGroup*, size_t>;

  /// `describe` gives the outcome of calls that went well; it is called when all that were asked have answered.
  explicit RefreshCalls(std::function<Json()> describe) : describe_(std::move(describe)) {}

  /// `asked`: at least one worker.
  void add(std::set<Asked> asked, Then<Json> then) { calls_.push_back({std::move(asked), std::move(then)}); }
  void answered(const Asked& worker) { end(worker, nullptr); }
  void died(const Asked& worker);
  /// Ends all calls with this error.
  void give_up(const Error& error);

 private:
  struct Call {
    std::set<Asked> asked;  // that have not answered
    Then<Json> then;
  };
  void end(const Asked& worker, const Error* error);

  const std::function<Json()> describe_;
  std::vector<Call> calls_;
};

}  // namespace alice
