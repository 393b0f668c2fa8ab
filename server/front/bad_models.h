#pragma once
// Models that workers died or hung of while they only looked at them: one bad model must not be a dead server.

#include <map>
#include <string>

#include "core/base/json.h"
#include "server/front/worker_process.h"

namespace alice {

/// One thread at a time.
class BadModels {
 public:
  /// A worker ended while it looked at a model (WorkerEnd::looked_at). True when the model is passed over from now on:
  /// at once when the worker hung or crashed, at the second time when it was killed from outside, which may have been
  /// chance.
  bool note(const WorkerEnd& end);
  /// Describe::pass_over.
  Json to_pass_over() const;
  /// Plugins have changed: perhaps the models can be looked at now.
  void forget() { models_.clear(); }

 private:
  struct Entry {
    std::string stamp, reason;
    int deaths = 0;
    bool is_bad = false;
  };
  std::map<std::string, Entry> models_;  // by id
};

}  // namespace alice
