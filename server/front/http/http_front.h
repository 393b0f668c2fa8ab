#pragma once
// The front door: answers HTTP on a thread of its own and turns what it is asked into jobs. docs/API.md is its manual.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "server/accounts/accounts.h"
#include "server/config/server_config.h"
#include "server/front/job_service.h"

namespace alice {

/// What the front tells of itself beside the service's state.
struct FrontFacts {
  /// describe_defaults() of the configuration. A worker's description goes before it.
  Json generation_defaults = Json::object();
  /// Folders whose places on this machine are nobody's business: clients are told names below them.
  std::vector<std::filesystem::path> folders = {};
  std::filesystem::path models_directory = {};  ///< where models may be deleted; empty: nowhere
  /// Of this program; uptime counts from here.
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

class HttpFront {
 public:
  /// `jobs` must outlive this object. `accounts`: null where there are no keys.
  HttpFront(const ServerConfig& config, JobService& jobs, FrontFacts facts,
            std::shared_ptr<Accounts> accounts = nullptr);
  ~HttpFront();  ///< as close()

  /// Binds, and answers from now on; takes milliseconds. Throws Error(bad_config) at "server.port" when the port is
  /// taken, at "server.host" when there is no such address. Raises this process's limit of open files.
  void start();
  int64_t port() const;  ///< the one that was bound

  /// New connections are refused; kept ones are answered once more each.
  void stop_accepting();
  /// Lets answers that are under way go out, for two seconds at most, and ends the thread. Jobs are left as they are.
  /// Not from a callback of the service. Call it while the service still lives.
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace alice
