#include "server/logging.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <vector>

#include "server/log_file.h"
#include "server/log_format.h"

namespace alice {
namespace {

constexpr const char* kRequests = "alice.requests";
constexpr const char* kAudit = "alice.audit";
constexpr double kBytesPerMegabyte = 1024.0 * 1024.0;

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::critical: return spdlog::level::critical;
  }
  return spdlog::level::warn;
}

spdlog::sink_ptr open_file(const LoggingConfig& config) {
  return std::make_shared<LogFile>(*config.file, static_cast<int64_t>(config.max_size_mb * kBytesPerMegabyte),
                                   config.backup_count, config.file_place);
}

/// Its level is its own: whoever wants no word of what goes well still wants to see who calls.
void start_own_log(const char* name, bool is_written, const std::vector<spdlog::sink_ptr>& sinks) {
  auto logger = std::make_shared<spdlog::logger>(name, sinks.begin(), sinks.end());
  logger->set_level(is_written ? spdlog::level::info : spdlog::level::off);
  logger->flush_on(spdlog::level::info);
  spdlog::drop(name);
  spdlog::register_logger(std::move(logger));
}

void write_to(const char* name, const std::string& line) {
  const auto logger = spdlog::get(name);
  logger != nullptr ? logger->info(line) : spdlog::info(line);
}

}  // namespace

void start_logging(const LoggingConfig& config) {
  std::vector<spdlog::sink_ptr> sinks = {std::make_shared<spdlog::sinks::stderr_sink_mt>()};
  if (config.file.has_value()) sinks.push_back(open_file(config));
  auto logger = std::make_shared<spdlog::logger>("alice", sinks.begin(), sinks.end());
  logger->set_level(level_of(config.level));
  logger->set_formatter(config.format == LogFormat::json ? make_json_formatter() : make_text_formatter());
  logger->flush_on(level_of(config.level));  // a process that dies has told all that it had to tell
  start_own_log(kRequests, config.requests, sinks);
  start_own_log(kAudit, true, sinks);
  spdlog::set_default_logger(std::move(logger));
}

void log_audit(const std::string& line) { write_to(kAudit, line); }

void log_request(const std::string& line) { write_to(kRequests, line); }

}  // namespace alice
