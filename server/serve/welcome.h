#pragma once
// What a person who starts the server reads: where it listens, what it can make, what to type.

#include <map>
#include <string>

#include "server/config/config.h"
#include "server/front/job_service.h"

namespace alice {

/// Writes to standard output.
class Welcome {
 public:
  /// Says where the server listens and where it keeps things.
  Welcome(const Config& config, int64_t port);
  /// Once the models are known, or what keeps them from being known: says so, and what to type. Later calls do nothing
  /// until that changes. And whenever a group has got new plugins, which their author waits for.
  void follow(const ServerState& state);

 private:
  void tell_reloads(const ServerState& state);

  std::string address_;
  std::string models_directory_;
  bool asks_for_keys_;
  std::string said_;
  std::map<std::string, int64_t> reloads_;  // of each group, that were told
};

}  // namespace alice
