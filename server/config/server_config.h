#pragma once
// What the front and its workers are told by the configuration: plain data, with the built-in defaults.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/generate_request.h"
#include "core/base/host_config.h"
#include "core/base/storage.h"

namespace alice {

/// The group of every model that no other group names. It may have an entry like any other, without models.
inline constexpr const char* kDefaultGroup = "default";

/// A word of the configuration, and where it stands.
struct PlacedName {
  std::string name, place;
};

/// Workers that serve some models apart from the rest. load_config() gives a value to every optional one but
/// memory_limit.
struct WorkerGroupConfig {
  std::string name;
  std::vector<PlacedName> models;         ///< ids
  std::vector<PlacedPath> plugins;        ///< loaded by its workers alone, after the general ones
  std::optional<int64_t> count;           ///< workers; absent: generation.max_concurrent of the default group, else 1
  int threads = 0;                        ///< of each worker; 0: generation.threads
  std::optional<int64_t> memory_limit;    ///< bytes; 0: none; absent: a share of what there is (job_desk.h)
  std::optional<double> step_timeout_s;   ///< absent: jobs.step_timeout
  std::optional<int64_t> job_attempts;    ///< absent: jobs.attempts
  std::optional<int64_t> breaker_deaths;  ///< absent: none of the default group, else kBreakerDeaths; 0: none
  double breaker_window_s = 60;
  double breaker_pause_s = 30;
  std::string place;
};
/// More than one job of jobs.attempts can cause.
inline constexpr int64_t kBreakerDeaths = 5;

/// How much of one kind of things is kept; without a limit everything is.
struct RetentionLimits {
  std::optional<double> max_age_s;
  std::optional<int64_t> max_count;
  std::optional<int64_t> max_size;  ///< bytes
};

/// How people come to be users, beside `alice users create`.
enum class RegistrationMode {
  off,
  invite,    ///< with a code that an administrator has made
  approval,  ///< they wait until an administrator lets them in
  open
};

/// The word of models.aliases for the default model.
inline constexpr const char* kDefaultModelWord = "default";

struct ServerConfig {
  // server:
  std::string host = "127.0.0.1";          ///< an IPv4 or IPv6 address
  int64_t port = 8080;                     ///< 0: any free one
  std::string public_url;                  ///< "https://pictures.example": what picture URLs begin with; "": see http/
  std::vector<std::string> allowed_hosts;  ///< names that the server may be called by, beside localhost and addresses
  std::vector<std::string> cors_origins;   ///< "https://app.example": pages of other sites that may call the server
  int64_t max_connections = 4096;          ///< open at once; fewer when the limit of open files is low
  int64_t max_connections_per_address = 3072;
  double max_body_mb = 32;           ///< MiB
  double read_timeout_s = 60;        ///< for a request to arrive, and for a kept connection to be idle
  double drain_timeout_s = 30;       ///< how long running jobs may go on after SIGTERM
  bool allow_plugin_reload = false;  ///< may POST /v1/plugins/reload, while there are no keys?
  bool require_auth = false;         ///< is a key asked for? load_config(): also when api_key is said and this is not
  std::string api_key;               ///< a key of the configuration's own; "": none. A secret: never shown
  std::vector<std::string> trusted_proxies;  ///< addresses, or networks ("10.0.0.0/8"): their X-Forwarded-* count
  int64_t requests_per_minute = 600;         ///< of one key of level user; 0: any
  double signed_url_minutes = 60;            ///< how long a picture's URL can be fetched without a key
  RegistrationMode registration_mode = RegistrationMode::off;
  int64_t session_timeout_s = 7 * 24 * 3600;  ///< a session that is not seen for so long has ended
  bool block_nsfw = false;                    ///< are prompts with blocked_words refused?
  std::vector<std::string> blocked_words;     ///< load_config(): those of blocked_words_file too
  std::string blocked_words_file;             ///< "": none
  // jobs:
  int64_t queue_size = 100;     ///< waiting jobs; more are refused
  double step_timeout_s = 600;  ///< a worker that says nothing about its job for so long is killed
  int64_t job_attempts = 3;     ///< a job that so many workers died of fails
  int64_t waiting_per_owner = 0;  ///< jobs of one user that wait at once, of level user; 0: any
  int64_t pictures_per_day = 0;   ///< that one user may ask for, of level user; 0: any
  int64_t max_record = 1'000'000'000;  ///< bytes of one job's record of steps
  // generation:
  int64_t workers = 1;               ///< max_concurrent: each job has a worker process to itself
  double max_seconds = 0;            ///< a job that would take longer, by its estimate, is refused; 0: any
  double request_timeout_s = 0;      ///< how long a POST waits for its job; 0: as long as it takes
  bool cancel_on_disconnect = true;  ///< of a waiting POST that does not say on_disconnect
  // workers:
  std::map<std::string, WorkerGroupConfig> groups;  ///< by name; the default one only when something is said of it
  // models:
  /// Names that clients may call models by, with * for any letters ("dall-e-*") -> an id, or "" for the default model.
  std::map<std::string, std::string> model_aliases;
  // openai:
  /// By the words of a request's quality: what a request means where it says nothing. See openai_section.h.
  std::map<std::string, GenerateRequest> quality;
  // storage:
  std::filesystem::path data_directory;    ///< database, records
  std::filesystem::path images_directory;  ///< pictures
  int64_t reserve = kLargestReserve;       ///< bytes that are kept free of each disk, at most: reserve_of()
  // retention:
  // The original's words for retained_pictures, in storage: 0 is no limit, and what retention says holds beside them.
  double retention_days = 0, max_storage_gb = 0;
  RetentionLimits retained_jobs, retained_pictures;
  RetentionLimits retained_records = {7 * 24 * 3600.0, std::nullopt, 4'000'000'000};
};

/// As it was said, or as it is without a word. Of what load_config() has given.
WorkerGroupConfig default_group(const ServerConfig& server);
/// The group that has `model` (an id, or what stands behind its slash) in its list; null when it is the default one's.
const WorkerGroupConfig* group_naming(const ServerConfig& server, const std::string& model);

}  // namespace alice
