#pragma once
// What the front and its workers are told by the configuration: plain data, with the built-in defaults.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace alice {

struct ServerConfig {
  // server:
  std::string host = "127.0.0.1";          ///< an IPv4 or IPv6 address
  int64_t port = 8080;                     ///< 0: any free one
  std::string public_url;                  ///< "https://pictures.example": what picture URLs begin with; "": see http/
  std::vector<std::string> allowed_hosts;  ///< names that the server may be called by, beside localhost and addresses
  std::vector<std::string> cors_origins;   ///< "https://app.example": pages of other sites that may call the server
  int64_t max_connections = 4096;          ///< open at once; fewer when the limit of open files is low
  int64_t max_connections_per_address = 3072;
  double max_body_mb = 32;      ///< MiB
  double read_timeout_s = 60;   ///< for a request to arrive, and for a kept connection to be idle
  double drain_timeout_s = 30;  ///< how long running jobs may go on after SIGTERM
  // jobs:
  int64_t queue_size = 100;     ///< waiting jobs; more are refused
  double step_timeout_s = 600;  ///< a worker that says nothing about its job for so long is killed
  int64_t job_attempts = 3;     ///< a job that so many workers died of fails
  // generation:
  int64_t workers = 1;               ///< max_concurrent: each job has a worker process to itself
  double request_timeout_s = 0;      ///< how long a POST waits for its job; 0: as long as it takes
  bool cancel_on_disconnect = true;  ///< of a waiting POST that does not say on_disconnect
  // storage:
  std::filesystem::path data_directory;    ///< database, records
  std::filesystem::path images_directory;  ///< pictures
};

}  // namespace alice
