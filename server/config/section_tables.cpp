#include "server/config/section_tables.h"

namespace alice {

const OptionTable<LoggingConfig>& logging_options() {
  static const auto table =
      OptionTable<LoggingConfig>()
          .choice("level", &LoggingConfig::level,
                  {{"debug", LogLevel::debug},
                   {"info", LogLevel::info},
                   {"warning", LogLevel::warning},
                   {"error", LogLevel::error},
                   {"critical", LogLevel::critical}},
                  "the least serious messages that are written")
          .text("file", &LoggingConfig::file, "the log file")
          .number("max_size_mb", &LoggingConfig::max_size_mb, {0.01, 1e6}, "the size at which the file is rotated",
                  "MiB")
          .integer("backup_count", &LoggingConfig::backup_count, {0, 1000}, "how many rotated files are kept")
          .choice("format", &LoggingConfig::format, {{"text", LogFormat::text}, {"json", LogFormat::json}},
                  "lines for people, or a JSON object a line")
          .boolean("prompts", &LoggingConfig::prompts, "are prompts written to the log?")
          .boolean("requests", &LoggingConfig::requests, "a line for each HTTP request, whatever the level?");
  return table;
}

}  // namespace alice
