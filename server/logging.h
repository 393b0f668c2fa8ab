#pragma once
// The log: standard error, and a file that is rotated by size.

#include <cstdint>
#include <optional>
#include <string>

namespace alice {

enum class LogLevel { debug, info, warning, error, critical };
enum class LogFormat { text, json };

struct LoggingConfig {
  LogLevel level = LogLevel::warning;
  std::optional<std::string> file;  ///< absent: standard error alone
  double max_size_mb = 100;         ///< MiB; a larger alice.log becomes alice.1.log, that alice.2.log, ...
  int64_t backup_count = 5;         ///< how many of those are kept
  LogFormat format = LogFormat::text;
  bool prompts = false;    ///< are prompts written?
  bool requests = true;    ///< a line for each HTTP request, whatever the level?
  std::string file_place;  ///< where the file was named, for errors
};

/// Makes spdlog's default logger as `config` says; spdlog::info() and the like may be called from any thread
/// afterwards. Call it once, before other threads log. Throws Error(bad_config) when the file cannot be opened.
void start_logging(const LoggingConfig& config);

/// A line of who did what, or tried to, whatever the level: "action=key.create target=.. result=ok". No secrets. Before
/// start_logging() it goes to spdlog's default logger.
void log_audit(const std::string& line);

/// The line of an HTTP request that was answered. Before start_logging() it goes to spdlog's default logger.
void log_request(const std::string& line);

}  // namespace alice
