#pragma once
// What the front and its workers are told by the configuration: plain data, with the built-in defaults.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace alice {

struct ServerConfig {
  // server:
  std::string host = "127.0.0.1";  ///< an address, not a name
  int64_t port = 8080;             ///< 0: any free one
  std::string public_url;          ///< "https://pictures.example": what picture URLs begin with; "": from the request
  std::vector<std::string>
      allowed_hosts;  ///< names under which the server may be called, beside localhost and addresses
  std::vector<std::string> cors_origins;  ///< "https://app.example": pages that may call the server
  int64_t max_connections = 4096;         ///< open at once; fewer when the limit of open files is low
  int64_t max_connections_per_address = 3072;
  double max_body_mb = 32;      ///< MiB
  double read_timeout_s = 60;   ///< for a request to arrive, and for a kept connection to be idle
  double drain_timeout_s = 30;  ///< how long running jobs may go on after SIGTERM
  // jobs:
  int64_t queue_size = 100;      ///< waiting jobs; more are refused
  double step_timeout_s = 600;   ///< a worker that says nothing for so long about its job is killed
  int64_t job_attempts = 3;      ///< a job that so many workers died of fails
  double request_timeout_s = 0;  ///< how long a POST waits for its job; 0: as long as it takes
  // workers:
  int64_t workers = 1;
  // storage:
  std::filesystem::path data_directory;    ///< database, records
  std::filesystem::path images_directory;  ///< pictures
};

}  // namespace alice
